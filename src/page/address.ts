/** Where the page's server is: everything lies beside the page, whose address holds the token. */
export type Address = { socket: string; page: string; file(path: string): string }

/** The addresses that belong to this address of a page. */
export const addressOf = (page: string): Address => {
  const beside = (path: string) => new URL(path, page)
  const socket = beside('socket')
  socket.protocol = socket.protocol.replace('http', 'ws')
  return { socket: socket.href, page: beside('.').href, file: path => beside(path).href }
}
