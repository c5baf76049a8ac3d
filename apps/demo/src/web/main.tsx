import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createApi } from './api.ts'
import { App } from './app.tsx'
import './styles.css'

const config = (await (await fetch('/config.json')).json()) as { service: string; api: string }
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App api={createApi(config.api)} service={config.service} />
    </StrictMode>,
  )
}
