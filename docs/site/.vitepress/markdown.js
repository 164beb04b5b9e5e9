// The chapters are plain Markdown for GitHub. These rules show on the site what GitHub cannot.
import { cards, sourcePage, withoutWholeFiles } from './book.js'

const known = cards()
const cardOf = name => `api_cards.md#card-${name.toLowerCase()}`

const htmlBlock = (state, content) => Object.assign(new state.Token('html_block', '', 0), { content })
const textBelow = token => token.children.map(child => child.content).join('')

// <a id="x"></a> in front of a heading becomes the heading's own name.
function nameHeadings(state) {
  for (let i = state.tokens.length - 1; i >= 3; --i) {
    const name = state.tokens[i - 2].content.match(/^<a id="([^"]+)"><\/a>$/)
    if (state.tokens[i].type !== 'heading_open' || !name) continue
    state.tokens[i].attrSet('id', name[1])
    state.tokens.splice(i - 3, 3)
  }
}

// Below the title: how long the page takes, at 200 words a minute.
function tellTheTime(state) {
  if (state.env.relativePath === 'changes.md') return
  const words = withoutWholeFiles(state.src).replace(/\]\(.*?\)|<[^>]*>/g, ' ').split(/\s+/).length
  const minutes = Math.max(1, Math.round(words / 200))
  const content = `<p class="reading-time">${minutes} ${minutes === 1 ? 'minute' : 'minutes'} to read</p>`
  const below = state.tokens.findIndex(token => token.type === 'heading_close') + 1
  state.tokens.splice(below, 0, htmlBlock(state, content))
}

// The way to the neighbours at the end of a page: VitePress has its own.
function leaveOutTheWay(state) {
  const i = state.tokens.findLastIndex(token => token.type === 'paragraph_open')
  if (/^\[(Previous: |Start\])/.test(state.tokens[i + 1]?.content)) state.tokens.splice(i, 3)
}

// Links to files of the repository lead to the reference, which shows them.
function leadIntoTheReference(state) {
  for (const token of state.tokens.flatMap(token => token.children ?? [])) {
    const [, file, line] = token.type === 'link_open' && token.attrGet('href').match(/^(?:\.\.\/)+([^#]+)(?:#L(\d+).*)?$/) || []
    const target = file && sourcePage(file)
    if (!target) continue
    token.attrSet('href', state.env.siteBase + target + (line ? `#l${line.padStart(5, '0')}` : ''))
    token.attrSet('target', '_self') // another site, for VitePress
  }
}

// What GitHub calls README is the first page here.
function leadToTheStart(state) {
  for (const token of state.tokens.flatMap(token => token.children ?? []))
    if (token.type === 'link_open') token.attrSet('href', token.attrGet('href').replace(/^README\.md/, 'index.md'))
}

// A picture that is wider than its window scrolls, with the keyboard too.
function frameFigures(state) {
  state.tokens.forEach((token, i) => {
    if (token.type !== 'inline' || token.children.length !== 1 || token.children[0].type !== 'image') return
    state.tokens[i - 1].attrSet('class', 'figure')
    state.tokens[i - 1].attrSet('tabindex', '0')
  })
}

// A command for Windows and one for Linux, one after the other, become two tabs.
function joinShells(state) {
  let group = 0
  for (let i = 0; i + 1 < state.tokens.length; ++i) {
    const pair = state.tokens.slice(i, i + 2)
    if (pair.map(token => token.type === 'fence' && token.info).sort().join() !== 'bat,sh') continue
    pair.sort((a, b) => a.info.localeCompare(b.info))
    pair[0].info += ' active'
    const tabs = ['Windows', 'Linux'].map((name, number) =>
      `<input type="radio" name="shell-${group}" id="shell-${group}-${number}" ${number ? '' : 'checked'}>` +
      `<label data-title="${name}" for="shell-${group}-${number}">${name}</label>`)
    const head = `<div class="vp-code-group shells"><div class="tabs">${tabs.join('')}</div><div class="blocks">`
    state.tokens.splice(i, 2, htmlBlock(state, head), ...pair, htmlBlock(state, '</div></div>'))
    i += 3
    ++group
  }
}

// On a narrow screen each cell stands on its own line, and says what it is.
function labelCells(state) {
  let labels, column
  state.tokens.forEach((token, i) => {
    if (token.type === 'thead_open') labels = []
    if (token.type === 'tr_open') column = 0
    if (token.type === 'th_open') {
      labels.push(textBelow(state.tokens[i + 1]))
      if (!labels.at(-1)) token.tag = state.tokens[i + 2].tag = 'td' // a corner heads nothing
    }
    if (token.type === 'td_open') token.attrSet('data-label', labels[column++])
  })
}

// The first time that a section names a Windows call, the name leads to its card.
function linkCalls(state) {
  if (state.env.relativePath === 'api_cards.md') return
  let seen = new Set()
  state.tokens.forEach((token, i) => {
    if (token.type === 'heading_open') seen = new Set()
    if (token.type !== 'inline' || state.tokens[i - 1].type === 'heading_open') return
    let inLink = false
    token.children = token.children.flatMap(child => {
      if (child.type === 'link_open') {
        inLink = true
        seen.add(child.attrGet('href'))
      } else if (child.type === 'link_close') inLink = false
      const name = child.type === 'code_inline' && child.content.match(/^(?:::)?(\w+)(?:\(\))?$/)?.[1]
      if (!name || inLink || !known[name] || seen.has(cardOf(name))) return [child]
      seen.add(cardOf(name))
      const open = new state.Token('link_open', 'a', 1)
      open.attrs = [['href', cardOf(name)], ['class', 'call']]
      return [open, child, new state.Token('link_close', 'a', -1)]
    })
  })
}

// The same in code. A name in small letters is a call of Windows only behind two colons: `send` may be anybody's.
export const linkCallsInCode = base => ({
  name: 'calls-to-cards',
  code(code) {
    const seen = new Set()
    for (const line of code.children.filter(child => child.type === 'element')) {
      let before = ''
      for (const span of line.children) {
        const text = span.children?.[0]?.value ?? ''
        const match = span.children?.length === 1 && text.match(/^([^]*?(?:^|\W))?(\w+)([^\w][^]*)?$/)
        const [, left = '', name, right = ''] = match || []
        if (known[name] && !seen.has(name) && (/[A-Z]/.test(name) || /(^|[^\w])::$/.test(before + left))) {
          seen.add(name)
          const link = { type: 'element', tagName: 'a', children: [{ type: 'text', value: name }],
            properties: { href: base + cardOf(name).replace('.md', '.html'), class: 'call' } }
          span.children = [{ type: 'text', value: left }, link, { type: 'text', value: right }]
        }
        before += text
      }
    }
  }
})

const rules = [tellTheTime, nameHeadings, leaveOutTheWay, leadIntoTheReference, leadToTheStart, frameFigures, joinShells, labelCells,
  linkCalls]

export function forTheSite(base) {
  return md => {
    md.core.ruler.after('inline', 'book', state => {
      state.env.siteBase = base
      rules.forEach(rule => rule(state))
    })
  }
}
