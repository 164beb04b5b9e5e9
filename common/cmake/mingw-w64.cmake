# Builds Windows programs on Linux with Debian's MinGW-w64, and runs them with Wine. Two things can be chosen:
#   tutorial_processor   x86_64, or i686: 32-bit programs, which nothing here runs
#   tutorial_compiler    gcc, or clang: it uses the headers and libraries of the other
set(CMAKE_SYSTEM_NAME Windows)
set(tutorial_processor x86_64 CACHE STRING "x86_64 or i686")
set(tutorial_compiler gcc CACHE STRING "gcc or clang")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES tutorial_processor tutorial_compiler) # a first trial reads this file too
set(CMAKE_SYSTEM_PROCESSOR ${tutorial_processor})
set(target ${tutorial_processor}-w64-mingw32)
if(tutorial_compiler STREQUAL "clang")
    set(CMAKE_C_COMPILER clang)
    set(CMAKE_CXX_COMPILER clang++)
    set(CMAKE_C_COMPILER_TARGET ${tutorial_processor}-w64-windows-gnu)
    set(CMAKE_CXX_COMPILER_TARGET ${tutorial_processor}-w64-windows-gnu)
    # GCC says where its headers and libraries are; those of Linux must not come at all.
    execute_process(OUTPUT_VARIABLE headers OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND
        ${CMAKE_CURRENT_LIST_DIR}/mingw-headers ${target})
    string(REPLACE "\n" " " headers "${headers}")
    execute_process(OUTPUT_VARIABLE library OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND
        ${target}-g++-posix -print-file-name=libstdc++.a)
    cmake_path(GET library PARENT_PATH libraries)
    set(CMAKE_CXX_FLAGS_INIT "-nostdlibinc ${headers} -femulated-tls -Wno-unused-command-line-argument") # thread_local as GCC's library has it
    set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld -L${libraries} -lpthread")
else()
    set(CMAKE_C_COMPILER ${target}-gcc-posix)
    set(CMAKE_CXX_COMPILER ${target}-g++-posix)
endif()
set(CMAKE_RC_COMPILER ${target}-windres)
set(CMAKE_FIND_ROOT_PATH /usr/${target})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CMAKE_CURRENT_LIST_DIR}/run-with-wine)
