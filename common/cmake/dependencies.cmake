# The libraries that are not ours: GoogleTest for the tests, CLI11 for the command lines, Asio for tests/peers. Each is one
# fixed release. On Debian they come from packages, as source: a cross compiler must never look into /usr/include itself.
include(FetchContent)

set(gtest_force_shared_crt ON CACHE BOOL "" FORCE) # MSVC: the same run-time library as our programs
set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
FetchContent_Declare(googletest
    URL https://github.com/google/googletest/archive/refs/tags/v1.18.0.tar.gz
    URL_HASH SHA256=6e3191c1455468b3fc35a417fb565c1c5071aee1b7e7f85e30cf48a98d37d8b5
    DOWNLOAD_EXTRACT_TIMESTAMP OFF)
FetchContent_MakeAvailable(googletest)

if(EXISTS /usr/include/CLI/CLI.hpp)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/debian_headers)
    file(CREATE_LINK /usr/include/CLI ${CMAKE_BINARY_DIR}/debian_headers/CLI SYMBOLIC)
    add_library(debian_cli11 INTERFACE)
    add_library(CLI11::CLI11 ALIAS debian_cli11)
    target_include_directories(debian_cli11 SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/debian_headers)
else()
    FetchContent_Declare(cli11
        URL https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.7.2.tar.gz
        URL_HASH SHA256=46eef3101da70852ec7af026e09d485ccee81813331c8c6052d39344443b83da
        DOWNLOAD_EXTRACT_TIMESTAMP OFF)
    FetchContent_MakeAvailable(cli11)
    # Its warnings are not ours.
    get_target_property(cli11_headers CLI11 INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(CLI11 PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${cli11_headers}")
endif()

add_library(asio INTERFACE)
if(EXISTS /usr/include/asio.hpp)
    file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/debian_headers)
    file(CREATE_LINK /usr/include/asio.hpp ${CMAKE_BINARY_DIR}/debian_headers/asio.hpp SYMBOLIC)
    file(CREATE_LINK /usr/include/asio ${CMAKE_BINARY_DIR}/debian_headers/asio SYMBOLIC)
    target_include_directories(asio SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/debian_headers)
else()
    FetchContent_Declare(asio
        URL https://github.com/chriskohlhoff/asio/archive/refs/tags/asio-1-38-2.tar.gz
        URL_HASH SHA256=9f2648fa483e58a6bf848d970ee0ea650ca19ed7769dfa520ed4f7b8d27af1db
        DOWNLOAD_EXTRACT_TIMESTAMP OFF)
    FetchContent_MakeAvailable(asio)
    target_include_directories(asio SYSTEM INTERFACE ${asio_SOURCE_DIR}/include)
endif()
# Without Boost. The second: Debian 12's Asio does not know that its Clang has coroutines.
target_compile_definitions(asio INTERFACE ASIO_STANDALONE ASIO_HAS_CO_AWAIT=1)
target_link_libraries(asio INTERFACE ws2_32 mswsock)
