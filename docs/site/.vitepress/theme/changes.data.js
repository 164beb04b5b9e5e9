// Each stage beside the one before it, line by line, made when the site is built.
import { diffArrays } from 'diff'
import { programOf, stages } from '../book.js'

function rowsOf(before, after) {
  const rows = []
  let gone = []
  const giveUp = () => rows.push(...gone.splice(0).map(left => ({ left })))
  for (const part of diffArrays(before.split('\n'), after.split('\n'))) {
    if (part.removed) gone = part.value
    else if (part.added) rows.push(...part.value.map(right => ({ left: gone.shift(), right })))
    if (!part.removed) giveUp()
    if (!part.removed && !part.added) rows.push(...part.value.map(both => ({ both })))
  }
  giveUp()
  return rows
}

export default {
  watch: ['../../../../stages/*/echo_server.cpp'],
  load: () => stages().slice(1).map((stage, i) => {
    const before = stages()[i]
    return { before, stage, rows: rowsOf(programOf(before), programOf(stage)) }
  }),
}
