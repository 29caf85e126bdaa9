/** A style sheet that the bundler joins to the page's own. */
declare module '*.css'
