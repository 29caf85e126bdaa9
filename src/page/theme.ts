/** Light or dark: the system's, or what was chosen here and is remembered. */

const KEY = 'chartroom.theme'
const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** A page whose storage is refused has the system's theme, and forgets. */
const remembered = (): Theme => {
  try {
    return themes.find(theme => theme === localStorage.getItem(KEY)) ?? 'system'
  } catch {
    return 'system'
  }
}
const remember = (theme: Theme): void => {
  try {
    localStorage.setItem(KEY, theme)
  } catch {
    // It holds until the page is closed.
  }
}
const dark = matchMedia('(prefers-color-scheme: dark)')
/** What is worn is written out: a canvas reads colours, and has to know when they are others. */
const wear = (theme: Theme): void => {
  const worn = theme === 'system' ? (dark.matches ? 'dark' : 'light') : theme
  document.documentElement.dataset.theme = worn
}

export const startTheme = (): Theme => {
  const theme = remembered()
  wear(theme)
  dark.addEventListener('change', () => wear(remembered()))
  return theme
}

/** System, light, dark, and round again. */
export const nextTheme = (theme: Theme): Theme => {
  const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
  wear(next)
  remember(next)
  return next
}
