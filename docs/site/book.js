// What the site adds to Doxygen's pages: lasting heading links, a search through the whole text, the tree on small
// screens, dark mode, copy buttons.
"use strict";

// Doxygen's pages call this to place the tree. The style sheet does that here.
function initResizable() {}

// Doxygen numbers headings through the whole book, so a number changes when a page grows. A heading also gets the
// address that GitHub gives it: "Watch it" is #watch-it.
function nameHeadings() {
    const used = new Set();
    for (const anchor of document.querySelectorAll('.contents a.anchor[id^="autotoc_md"]')) {
        const words = anchor.parentElement.textContent.trim().toLowerCase();
        const plain = words.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
        let name = plain;
        for (let i = 1; used.has(name); ++i)
            name = `${plain}-${i}`;
        used.add(name);
        const place = document.createElement("span");
        place.id = name;
        anchor.before(place);
    }
}

function linkHeadingsByName() {
    for (const link of document.querySelectorAll(".contents a.anchorlink")) {
        const name = link.parentElement.querySelector("span[id]");
        if (name)
            link.href = `#${name.id}`;
    }
    const wanted = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (wanted)
        wanted.scrollIntoView();
}

// A wide table or a long line of code scrolls in its own box; the keyboard can reach that box.
function reachScrollingBoxes() {
    for (const box of document.querySelectorAll(".contents .fragment, .contents table.markdownTable"))
        if (box.scrollWidth > box.clientWidth)
            box.tabIndex = 0;
}

// The tree shows the sections of the page that is open.
function unfoldThisPage() {
    const item = document.querySelector("#nav-tree .item.selected");
    if (!item)
        return setTimeout(unfoldThisPage, 50); // navtree.js is still reading its index
    const fold = item.querySelector("a > .arrow");
    const sections = item.parentElement.querySelector(":scope > ul");
    if (fold && (!sections || sections.style.display === "none"))
        fold.parentElement.click();
}

// On a small screen the tree covers the page until the reader has chosen.
function foldTreeOnSmallScreens() {
    const root = document.documentElement;
    const button = document.getElementById("book-contents");
    const show = open => {
        root.classList.toggle("tree-open", open);
        button.setAttribute("aria-expanded", open);
    };
    button.addEventListener("click", () => show(!root.classList.contains("tree-open")));
    document.getElementById("nav-tree").addEventListener("click", event => {
        if (event.target.closest(".label a:not(.nolink)"))
            show(false);
    });
}

class BookSearch {
    static mostResults = 12;

    constructor(field) {
        this.field = field;
        this.results = document.createElement("div");
        this.results.id = "book-results";
        this.results.hidden = true;
        document.body.append(this.results);

        this.field.addEventListener("focus", () => this.load());
        this.field.addEventListener("input", () => this.show());
        this.field.addEventListener("keydown", event => this.onKey(event));
        this.results.addEventListener("keydown", event => this.onKey(event));
        document.addEventListener("click", event => {
            const link = event.target.closest("#book-results a");
            if (link || !event.target.closest("#book-results, #MSearchBox"))
                this.close();
        });
        document.addEventListener("keydown", event => {
            const typing = event.target.closest("input, textarea");
            if (event.key === "/" && !typing) {
                event.preventDefault();
                this.field.focus();
            }
        });
    }

    // The index is as long as the book. It comes when the reader turns to the search.
    load() {
        if (this.script)
            return;
        this.script = document.createElement("script");
        this.script.src = "search_index.js";
        this.script.onload = () => {
            for (const section of bookIndex.sections)
                section.push(`${section[2]} ${bookIndex.pages[section[0]]} ${section[3]}`.toLowerCase());
            this.show();
        };
        document.head.append(this.script);
    }

    // Every word must be there. A heading counts more than a text, a whole word more than a part of one.
    find(words) {
        const found = [];
        for (const section of typeof bookIndex === "undefined" ? [] : bookIndex.sections) {
            const [page, , heading, text, everything] = section;
            const title = heading.toLowerCase() || bookIndex.pages[page].toLowerCase();
            if (!words.every(word => everything.includes(word)))
                continue;
            let worth = title === words.join(" ") ? 100 : 0;
            for (const word of words) {
                const whole = new RegExp(`(^|[^\\p{L}\\p{N}_])${BookSearch.escape(word)}($|[^\\p{L}\\p{N}_])`, "u");
                worth += title.includes(word) ? 20 : 0;
                worth += whole.test(title) ? 10 : 0;
                worth += whole.test(text.toLowerCase()) ? 4 : 0;
            }
            found.push([worth, section]);
        }
        return found.sort((a, b) => b[0] - a[0]).slice(0, BookSearch.mostResults).map(entry => entry[1]);
    }

    show() {
        const words = this.field.value.toLowerCase().split(/\s+/).filter(word => word);
        this.results.hidden = words.length === 0 || typeof bookIndex === "undefined";
        if (this.results.hidden)
            return;
        const place = this.field.getBoundingClientRect();
        this.results.style.top = `${place.bottom + 6}px`;
        this.results.style.left = `${Math.min(place.left, 16)}px`;
        const found = this.find(words);
        this.results.replaceChildren(...found.map(section => this.entry(section, words)));
        if (found.length === 0) {
            const nothing = document.createElement("p");
            nothing.textContent = `Nothing is found for “${this.field.value.trim()}”.`;
            this.results.append(nothing);
        }
    }

    entry([page, address, heading, text], words) {
        const link = document.createElement("a");
        link.href = address;
        const title = document.createElement("b");
        title.append(...BookSearch.mark(heading || bookIndex.pages[page], words));
        const where = document.createElement("i");
        where.textContent = heading ? bookIndex.pages[page] : "";
        const at = Math.max(0, text.toLowerCase().indexOf(words[0]) - 50);
        const start = at === 0 ? 0 : text.indexOf(" ", at) + 1;
        const piece = document.createElement("span");
        const rest = text.slice(start, start + 150);
        const whole = start + 150 < text.length ? rest.slice(0, rest.lastIndexOf(" ")) + " …" : rest;
        piece.append(...BookSearch.mark((start ? "… " : "") + whole, words));
        link.append(title, where, piece);
        return link;
    }

    static escape(word) { return word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); }

    static mark(text, words) {
        const parts = text.split(new RegExp(`(${words.map(BookSearch.escape).join("|")})`, "iu"));
        return parts.map((part, i) => {
            if (i % 2 === 0)
                return part;
            const mark = document.createElement("mark");
            mark.textContent = part;
            return mark;
        });
    }

    onKey(event) {
        const links = [...this.results.querySelectorAll("a")];
        const here = links.indexOf(document.activeElement);
        if (event.key === "Escape") {
            this.close();
            this.field.focus();
        } else if (event.key === "ArrowDown" && here + 1 < links.length) {
            event.preventDefault();
            links[here + 1].focus();
        } else if (event.key === "ArrowUp" && here >= 0) {
            event.preventDefault();
            (links[here - 1] || this.field).focus();
        } else if (event.key === "Enter" && here < 0 && links.length > 0) {
            event.preventDefault();
            links[0].click();
        }
    }

    close() { this.results.hidden = true; }
}

$.fx.off = true; // nothing slides
$(nameHeadings);
DoxygenAwesomeDarkModeToggle.init();
DoxygenAwesomeFragmentCopyButton.init();
DoxygenAwesomeParagraphLink.init();
$(() => $(() => $(linkHeadingsByName))); // the extension makes its links in the second of these
window.addEventListener("load", () => {
    reachScrollingBoxes();
    unfoldThisPage();
    foldTreeOnSmallScreens();
    new BookSearch(document.querySelector("#MSearchBox input"));
});
