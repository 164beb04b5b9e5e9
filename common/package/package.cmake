# A ZIP for people who have a Windows machine and no compiler: the servers, the client, a read-me and the licences.
#   cmake --build --preset wine --target package      (or, when all is built: cpack, in the build folder)
# It is made with MinGW-w64 on Linux only. Those programs are whole: Visual C++'s would need its run-time libraries, and
# those of a debug build may not be given away.
set(mingw_licence /usr/share/doc/mingw-w64-x86-64-dev/copyright)
if(NOT CMAKE_CROSSCOMPILING OR NOT CMAKE_SIZEOF_VOID_P EQUAL 8 OR NOT EXISTS ${mingw_licence})
    return()
endif()

# The licences of what is compiled into the programs. GoogleTest is not: no test is in the ZIP.
set(cli11_licence /usr/share/doc/libcli11-dev/copyright)
if(cli11_SOURCE_DIR) # downloaded, or given as FETCHCONTENT_SOURCE_DIR_CLI11
    set(cli11_licence ${cli11_SOURCE_DIR}/LICENSE)
endif()

# The texts get the line ends of Windows.
list(JOIN tutorial_stages ", " package_servers)
set(package_texts ${CMAKE_BINARY_DIR}/package)
configure_file(${CMAKE_CURRENT_LIST_DIR}/READ-ME.txt.in ${package_texts}/READ-ME.txt @ONLY NEWLINE_STYLE CRLF)
configure_file(${PROJECT_SOURCE_DIR}/LICENSE ${package_texts}/LICENSE.txt @ONLY NEWLINE_STYLE CRLF)
configure_file(${cli11_licence} ${package_texts}/LICENSE-CLI11.txt @ONLY NEWLINE_STYLE CRLF)
configure_file(${mingw_licence} ${package_texts}/LICENSE-MinGW-w64.txt @ONLY NEWLINE_STYLE CRLF)

# A component, because the libraries that are built here may have files of their own to install.
install(TARGETS ${tutorial_stages} echo_client RUNTIME DESTINATION . COMPONENT tutorial)
install(DIRECTORY ${package_texts}/ DESTINATION . COMPONENT tutorial)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};${PROJECT_NAME};tutorial;/")

set(CPACK_GENERATOR ZIP)
set(CPACK_PACKAGE_NAME iocp-tutorial)
set(CPACK_PACKAGE_FILE_NAME iocp-tutorial-${PROJECT_VERSION}-windows-x64)
set(CPACK_PACKAGE_VENDOR "The authors of this tutorial")
set(CPACK_STRIP_FILES ON) # debug information is four fifths of a program
set(CPACK_VERBATIM_VARIABLES ON)
include(CPack)
