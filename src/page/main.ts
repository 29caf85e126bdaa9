/** The page: a call, its charts, and everything that happened in it. */
import './main.css'

document.body.dataset.ready = 'true'
