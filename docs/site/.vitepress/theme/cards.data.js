import { cards } from '../book.js'

export default {
  watch: ['../../../api_cards.md'],
  load: () => Object.fromEntries(Object.entries(cards()).map(([name, card]) => [`card-${name.toLowerCase()}`, card])),
}
