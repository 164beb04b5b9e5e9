// What the site remembers of its reader, and a few habits of a browser that it mends. VitePress changes pages without
// loading them, so everything listens at the document.

const remembered = (name, otherwise) => JSON.parse(localStorage.getItem(name)) ?? otherwise
const remember = (name, value) => localStorage.setItem(name, JSON.stringify(value))

// Runs a function now, and when the page has changed.
function whenever(changed) {
  let waits = false
  const once = () => {
    if (waits) return
    waits = true
    requestAnimationFrame(() => {
      waits = false
      changed()
    })
  }
  new MutationObserver(once).observe(document.body, { childList: true, subtree: true })
  once()
}

// The tabs of commands: the last choice holds everywhere, and at first the reader's own system.
export function rememberShell() {
  const choose = shell => {
    for (const label of document.querySelectorAll(`.shells label[data-title="${shell}"]`)) {
      label.control.checked = true
      const tab = [...label.parentElement.querySelectorAll('label')].indexOf(label)
      const blocks = label.closest('.shells').querySelector('.blocks').children
      for (const [i, block] of [...blocks].entries()) block.classList.toggle('active', i === tab)
    }
  }
  document.addEventListener('change', ({ target }) => {
    if (!target.matches('.shells input')) return
    const before = target.getBoundingClientRect().top
    remember('shell', target.labels[0].dataset.title)
    choose(target.labels[0].dataset.title)
    scrollBy(0, target.getBoundingClientRect().top - before)
  })
  whenever(() => choose(remembered('shell', /Linux|Mac/.test(navigator.userAgent) ? 'Linux' : 'Windows')))
}

// A page counts as read when its end has been on the screen.
export function rememberPagesRead() {
  const read = new Set(remembered('read', []))
  const here = place => place.pathname.replace(/index\.html$/, '')
  const show = () => {
    for (const link of document.querySelectorAll('.VPSidebar a.link'))
      if (read.has(here(link))) link.dataset.read = ''
  }
  const end = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return
    read.add(here(location))
    remember('read', [...read])
    show()
  })
  let seen = null
  whenever(() => {
    show()
    const footer = document.querySelector('.VPDocFooter')
    if (footer === seen) return
    end.disconnect()
    seen = footer
    if (footer) end.observe(footer)
  })
}

// Left and right lead to the pages before and after, where nothing else needs these keys.
export function followKeys() {
  const ways = { ArrowLeft: '.pager-link.prev', ArrowRight: '.pager-link.next' }
  document.addEventListener('keydown', event => {
    if (!ways[event.key] || event.target !== document.body) return
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    document.querySelector(ways[event.key])?.click()
  })
}

// The search box of VitePress 1.6 tells a screen reader of a button, of a list to choose from, and of second names, which
// hide that its hits are links.
export function nameTheSearch() {
  const wrong = {
    '.VPLocalSearchBox': ['aria-expanded', 'aria-haspopup', 'aria-owns', 'aria-labelledby'],
    '.VPLocalSearchBox .results': ['role', 'aria-labelledby'],
    '.VPLocalSearchBox .results > li': ['role', 'aria-selected'],
    '.VPLocalSearchBox .result': ['aria-label'],
    '.VPLocalSearchBox kbd': ['aria-label'],
  }
  whenever(() => {
    document.querySelector('.VPLocalSearchBox')?.setAttribute('role', 'search')
    for (const [place, names] of Object.entries(wrong))
      for (const part of document.querySelectorAll(place)) names.forEach(name => part.removeAttribute(name))
  })
}

// On paper all answers are open.
export function openForPrint() {
  let closed = []
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')]
    closed.forEach(answer => (answer.open = true))
  })
  addEventListener('afterprint', () => closed.forEach(answer => (answer.open = false)))
}
