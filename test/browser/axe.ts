/** What axe-core finds wrong with a page for people who cannot see it, or not well. */
import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

/** What keeps somebody from using it: one line for each kind of fault, with its first place. */
export const faultsOf = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}, ${nodes.length} ×: ${nodes[0]?.target} ${nodes[0]?.failureSummary}`)
}
