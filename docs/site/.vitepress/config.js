import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { defineConfig } from 'vitepress'
import { readingOrder, root, withoutWholeFiles } from './book.js'
import { forTheSite, linkCallsInCode } from './markdown.js'

const base = process.env.SITE_BASE || '/' // where the site lies on its host
const order = readingOrder()
const link = ({ file, title }) => ({ text: title, link: '/' + file.replace('README.md', '').replace('.md', '.html') })
const isChapter = ({ file }) => /^(\d\d_|README)/.test(file)
const words = JSON.parse(readFileSync(resolve(root, 'docs/site/search_words.json'), 'utf8'))

// What the reader typed becomes what the book says. VitePress writes this function into the pages, so it must carry its
// words with it.
const alsoSearched = new Function('term', `
  const words = ${JSON.stringify(words)}, word = term.toLowerCase()
  return words.ignored.includes(word) ? null : [word].concat(words.also[word] || [])`)

// The pages lie outside of this folder, and there Vue would not be found.
const packagesForPages = {
  name: 'packages-for-pages',
  enforce: 'pre',
  resolveId(id, importer, options) {
    if (/^vue(\/|$)/.test(id) && importer?.endsWith('.md'))
      return this.resolve(id, resolve(root, 'docs/site/package.json'), { ...options, skipSelf: true })
  },
}

export default defineConfig({
  title: 'Windows network servers',
  description: 'A tutorial in stages: from accept to completion port',
  lang: 'en',
  base,
  srcDir: '..',
  srcExclude: ['site/reference.md'],
  outDir: resolve(root, 'build/site'),
  cacheDir: resolve(root, 'build/site-cache'),
  rewrites: { 'README.md': 'index.md', 'site/changes.md': 'changes.md' },
  ignoreDeadLinks: [/^\/reference\//],
  head: [['link', { rel: 'icon', href: `${base}icon.svg` }]],
  markdown: {
    config: forTheSite(base),
    codeTransformers: [linkCallsInCode(base)],
    languageAlias: { sh: 'bash' },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: {
    plugins: [packagesForPages],
    publicDir: resolve(root, 'docs/site/public'),
    build: { chunkSizeWarningLimit: 2000 },
  },
  themeConfig: {
    nav: [
      { text: 'Book', link: '/' },
      { text: 'Differences', link: '/changes.html' },
      { text: 'Reference', link: '/reference/index.html', target: '_self' },
    ],
    sidebar: [
      { text: 'The chapters', items: order.filter(isChapter).map(link) },
      { text: 'To look things up', items: [...order.filter(page => !isChapter(page)).map(link),
        { text: 'What each stage changes', link: '/changes.html' }] },
    ],
    outline: { level: [2, 3], label: 'On this page' },
    search: {
      provider: 'local',
      options: {
        // A file that is shown whole would be found instead of its explanation.
        _render: (text, env, md) => md.render(withoutWholeFiles(text), env),
        miniSearch: {
          searchOptions: {
            processTerm: alsoSearched,
            fuzzy: term => (/\d/.test(term) || term.length < 5 ? false : 0.2),
            prefix: term => term.length > 2,
            boost: { title: 4, text: 2, titles: 1 },
          },
        },
      },
    },
  },
})
