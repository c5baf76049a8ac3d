import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { createApi } from './api.ts'
import { App } from './app.tsx'
import './styles.css'

const root = document.getElementById('root')
const config = await fetch('/config.json')
  .then((response) => response.json() as Promise<{ service: string; api: string }>)
  .catch(() => null)
if (root && !config) root.textContent = 'Quarterly cannot be reached. Check your connection and reload the page.'
if (root && config) {
  createRoot(root).render(
    <StrictMode>
      <App api={createApi(config.api)} service={config.service} />
    </StrictMode>,
  )
}
