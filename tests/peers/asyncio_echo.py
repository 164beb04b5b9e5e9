#!/usr/bin/env python3
"""An echo server of another world, for the test of the verdict: asyncio_echo.py PORT, made with Python's asyncio."""
import asyncio
import sys


async def converse(reader, writer):
    try:
        while received := await reader.read(8192):
            writer.write(received)
            await writer.drain()  # until the client has read: nothing gathers here
    except ConnectionError:
        pass  # this client is gone
    writer.close()


async def main():
    server = await asyncio.start_server(converse, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
