# Draws the figures named in `names` from their sources in this folder into the folder `into`:
#   cmake -D fossil=/usr/bin/fossil -D names=growth,ownership -D into=docs/figures -P docs/figures/draw.cmake
#
# Pikchr gives the shapes. What it does not give is added here: the fonts, the size, dark colours for a dark system, and
# the text alternative, which each source carries in its first two comments. One version of Pikchr draws the same bytes from the same source
# on every machine: it measures text with its own table, not with the fonts that it finds.
cmake_minimum_required(VERSION 3.25)

set(font "'Segoe UI', 'DejaVu Sans', sans-serif")
file(READ "${CMAKE_CURRENT_LIST_DIR}/style.pikchr" style)
file(READ "${CMAKE_CURRENT_LIST_DIR}/dark.css" dark)
string(REGEX REPLACE "/[*][^*]*[*]/" "" dark "${dark}")
string(REGEX REPLACE "[ \n]+" " " dark "${dark}")
string(REPLACE "," ";" names "${names}")

foreach(name IN LISTS names)
    file(READ "${CMAKE_CURRENT_LIST_DIR}/${name}.pikchr" source)
    foreach(part IN ITEMS title desc)
        if(NOT source MATCHES "# ${part}: ([^\n]+)\n")
            message(FATAL_ERROR "${name}.pikchr has no line '# ${part}: ...'")
        endif()
        set(${part} "${CMAKE_MATCH_1}")
        string(REPLACE "&" "&amp;" ${part} "${${part}}")
        string(REPLACE "<" "&lt;" ${part} "${${part}}")
    endforeach()

    set(input "${into}/${name}.input")
    file(WRITE "${input}" "${style}${source}")
    execute_process(COMMAND "${fossil}" pikchr "${input}" - OUTPUT_VARIABLE svg ERROR_VARIABLE error RESULT_VARIABLE result)
    file(REMOVE "${input}")
    if(NOT result EQUAL 0 OR NOT svg MATCHES "^<svg [^>]*viewBox=\"0 0 ([0-9.]+) ([0-9.]+)\"[^>]*>")
        message(NOTICE "${error}${svg}")
        message(FATAL_ERROR "${name}.pikchr cannot be drawn. Its lines are counted from the start of style.pikchr.")
    endif()
    set(opening "${CMAKE_MATCH_0}")
    set(width "${CMAKE_MATCH_1}")
    set(height "${CMAKE_MATCH_2}")
    set(box "0 0 ${width} ${height}")
    string(REGEX REPLACE "[.].*" "" width "${width}")
    string(REGEX REPLACE "[.].*" "" height "${height}")
    math(EXPR height "(${height} * 800 + ${width} / 2) / ${width}")

    # Pikchr counts 1.5 units to the px, so 26.25 units are 17.5 px; its "small" is 80 % of that.
    set(head "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"${height}\" viewBox=\"${box}\" role=\"img\"")
    string(APPEND head " aria-labelledby=\"${name}-title ${name}-desc\" font-family=\"${font}\" font-size=\"26.25\">\n")
    string(APPEND head "<title id=\"${name}-title\">${title}</title>\n<desc id=\"${name}-desc\">${desc}</desc>\n<style>${dark}</style>")
    string(REPLACE "${opening}" "${head}" svg "${svg}")
    file(WRITE "${into}/${name}.svg" "${svg}")
    message(STATUS "drawn: ${name}.svg")
endforeach()
