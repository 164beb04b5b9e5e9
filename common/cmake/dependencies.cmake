# The two libraries that are not ours: GoogleTest for the tests, CLI11 for the command lines. Each is one fixed release.
# On Debian both come from packages, as source: a cross compiler must never look into /usr/include itself.
include(FetchContent)

set(gtest_force_shared_crt ON CACHE BOOL "" FORCE) # MSVC: the same run-time library as our programs
set(BUILD_GMOCK OFF CACHE BOOL "" FORCE)
set(INSTALL_GTEST OFF CACHE BOOL "" FORCE)
FetchContent_Declare(googletest
    URL https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
    URL_HASH SHA256=81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2
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
        URL https://github.com/CLIUtils/CLI11/archive/v2.1.2.tar.gz
        URL_HASH SHA256=26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb
        DOWNLOAD_EXTRACT_TIMESTAMP OFF)
    FetchContent_MakeAvailable(cli11)
    # Its warnings are not ours.
    get_target_property(cli11_headers CLI11 INTERFACE_INCLUDE_DIRECTORIES)
    set_target_properties(CLI11 PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${cli11_headers}")
endif()
