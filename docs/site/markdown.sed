# Makes the Markdown that GitHub shows into the Markdown that Doxygen 1.9.4 understands: sed -E -f markdown.sed.
# It keeps the number of lines before each text, so that Doxygen's warnings name the right one.

# Code between fences stays as it is.
/^```/,/^```$/b

# An anchor in front of a heading becomes the heading's own name.
/^<a id="[^"]+"><\/a>$/{
    N
    N
    s/^<a id="([^"]+)"><\/a>\n\n(#+ .*)$/\n\n\2 {#\1}/
}

# A link to an anchor: Doxygen knows its page, and warns if nobody has it.
s/\]\([a-z0-9_A-Z]+\.md(#[^)]+)\)/](\1)/g

# Doxygen does not see bold text that begins with code.
s/\*\*(`[^*]+)\*\*/<b>\1<\/b>/g

# A picture, with its text for those who do not see it. Doxygen copies the file.
s/^!\[(.*)\]\(figures\/([^)]+)\)$/<img src="\2" alt="\1"\/>/

# A recorded session is not C++: no colours and no links in it.
s/^\\include (docs\/transcripts\/)/\\verbinclude \1/

# Folded answers.
s/^<\/?details>$|^<summary>.*<\/summary>$/\\htmlonly[block]&\\endhtmlonly/

# The way on at the end of each page.
s/^\[(Previous: |Start\]|Next: ).*/<div class="way-on">&<\/div>/
