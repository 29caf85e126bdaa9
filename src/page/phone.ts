/** Whether the page is as narrow as a phone: one panel at a time. The style sheets have the same width. */

const query = matchMedia('(max-width: 840px)')
export const isPhone = (): boolean => query.matches
export const onPhone = (changed: () => void): void => query.addEventListener('change', changed)
