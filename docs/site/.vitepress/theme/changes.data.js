// Each stage beside the one before it, made when the site is built.
import { createTwoFilesPatch } from 'diff'
import { html } from 'diff2html'
import { programOf, stages } from '../book.js'

export default {
  watch: ['../../../../stages/*/echo_server.cpp'],
  load() {
    return stages().slice(1).map((stage, i) => {
      const before = stages()[i]
      const patch = createTwoFilesPatch(before, stage, programOf(before), programOf(stage), '', '', { context: 3 })
      const draw = outputFormat => html(patch, { outputFormat, drawFileList: false, matching: 'lines' })
        .replaceAll('d2h-light-color-scheme', '') // StageChanges.vue says which scheme it is
      return { before, stage, wide: draw('side-by-side'), narrow: draw('line-by-line') }
    })
  },
}
