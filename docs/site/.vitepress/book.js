// What the site must know of the book. It is read from the pages, so that nothing has to be said twice.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

const textOf = file => readFileSync(resolve(root, file), 'utf8')

// The reading order: each page ends with the way to its next.
export function readingOrder() {
  const pages = []
  for (let file = 'README.md'; file; ) {
    const text = textOf(`docs/${file}`)
    pages.push({ file, title: text.match(/^# (.+)$/m)[1] })
    file = text.trimEnd().split('\n').at(-1).match(/\[Next: .*\]\((.+)\)$/)?.[1]
  }
  return pages
}

export const withoutWholeFiles = text => text.replace(/^<!-- code: \S+ -->$[^]*?^<!-- end -->$/gm, '')

export const stages = () => readingOrder().map(page => page.file.replace('.md', '')).filter(name => /^\d\d_/.test(name))

export const programOf = stage => textOf(`stages/${stage}/echo_server.cpp`).replace(/^ *\/\/! \[.*\]\n/gm, '')

// The cards of the Windows calls: what each is for, and its trap, in a sentence or two.
export function cards() {
  const plain = text => text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[*`]/g, '').replace(/\s+/g, ' ').trim()
  const sentence = text => plain(text).match(/^.{40,}?[.!?](?= [A-Z]|$)/)?.[0] ?? plain(text) // or two, if one is short
  const found = {}
  let card
  for (const [, name, level, heading, text] of textOf('docs/api_cards.md').matchAll(
    /^<a id="card-(\w+)"><\/a>\n+(####?) (.+)\n+([^]*?)(?=^<a id=|$(?![^]))/gm)) {
    const trap = text.match(/^\*\*The trap:\*\*([^]*?)(?=\n\n|$(?![^]))/m)?.[1]
    if (level === '###') card = { heading, what: sentence(text.split('\n\n')[0]), trap: trap && sentence(trap) }
    found[heading.match(/\w+/g).find(word => word.toLowerCase() === name)] = card // the smaller ones belong to it
  }
  return found
}

// The page of the reference that shows a source file. Doxygen names it after the file, and after its folder where two
// files have the same name.
export function sourcePage(file) {
  const parts = file.replace(/_/g, '__').replace(/\./g, '_8').split('/')
  for (let first = parts.length - 1; first >= 0; --first) {
    const page = `reference/${parts.slice(first).join('_2')}_source.html`
    if (existsSync(resolve(root, 'build', page))) return page
  }
}
