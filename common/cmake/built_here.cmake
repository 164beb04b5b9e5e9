# Succeeds only if a build folder was made from this source folder, and where it is now:
#     cmake -DBUILD=build/wine -DSOURCE=. -P common/cmake/built_here.cmake
# CMake refuses a build folder that was moved, as one is when the reader moves or renames the whole checkout.

# The folder's one true name, the same however it was written.
function(real_path path result)
    file(REAL_PATH "${path}" path BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
    if(CMAKE_HOST_WIN32) # where C: and c: are the same drive
        string(TOLOWER "${path}" path)
    endif()
    set(${result} "${path}" PARENT_SCOPE)
endfunction()

function(expect_in_cache entry folder)
    if(NOT cache MATCHES "\n${entry}:INTERNAL=([^\r\n]+)")
        message(FATAL_ERROR "${BUILD}/CMakeCache.txt has no ${entry}")
    endif()
    real_path("${CMAKE_MATCH_1}" made)
    real_path("${folder}" here)
    if(NOT made STREQUAL here)
        message(FATAL_ERROR "${BUILD} was made elsewhere: its ${entry} is ${made}, not ${here}")
    endif()
endfunction()

if(NOT EXISTS "${BUILD}/CMakeCache.txt")
    message(FATAL_ERROR "${BUILD} has no CMakeCache.txt")
endif()
file(READ "${BUILD}/CMakeCache.txt" cache)
expect_in_cache(CMAKE_HOME_DIRECTORY "${SOURCE}")
expect_in_cache(CMAKE_CACHEFILE_DIR "${BUILD}")
