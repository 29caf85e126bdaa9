/** A strict little XML reader for what we write ourselves: throws at anything that is not well-formed. */

export type XmlNode = { name: string; attributes: Record<string, string>; children: (XmlNode | string)[] }

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const forbidden = /(?![\t\n\r])[\p{Cc}\p{Cs}\ufffe\uffff]/u
const token = /<\/([\w:-]+)\s*>|<([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy

const plain = (text: string): string =>
  text.replace(/&(?:(\w+);)?/g, (whole, name?: string) => {
    const sign = name === undefined ? undefined : entities[name]
    if (sign === undefined) throw new Error(`a bare & or an unknown entity: ${whole}`)
    return sign
  })

const attributesOf = (text: string): Record<string, string> => {
  const pairs = [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key = '', value = '']): [string, string] => [
    key,
    plain(value),
  ])
  const keys = pairs.map(([key]) => key)
  if (new Set(keys).size !== keys.length) throw new Error(`an attribute stands twice:${text}`)
  return Object.fromEntries(pairs)
}

export const parseXml = (text: string): XmlNode => {
  const forbiddenAt = text.search(forbidden)
  if (forbiddenAt >= 0) throw new Error(`a character that XML cannot hold at ${forbiddenAt}`)
  const document: XmlNode = { name: '', attributes: {}, children: [] }
  const open = [document]
  let end = 0
  for (const match of text.trim().matchAll(token)) {
    end = match.index + match[0].length
    const [, closing, name, attributes = '', empty, content] = match
    const top = open.at(-1) ?? document
    if (content !== undefined) top.children.push(plain(content))
    else if (closing !== undefined) {
      if (open.pop()?.name !== closing) throw new Error(`</${closing}> closes ${top.name}`)
    } else if (name !== undefined) {
      const node = { name, attributes: attributesOf(attributes), children: [] }
      top.children.push(node)
      if (!empty) open.push(node)
    }
  }
  if (end !== text.trim().length) throw new Error(`not well-formed at ${text.slice(end, end + 60)}`)
  const [root, more] = document.children
  if (open.length !== 1 || more !== undefined || root === undefined || typeof root === 'string')
    throw new Error('not one root element')
  return root
}
