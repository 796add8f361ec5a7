import { existsSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import express, { type Router } from 'express'
import { SimilarityError } from '@datashare-similarity/shared'
import { z } from 'zod'

export interface DemoPageOptions {
  /** The built page: e2e/demo-host/dist. */
  readonly pageDir: string
  /** The plugin's folder, with its package.json and its built dist. */
  readonly pluginDir: string
}

const ManifestSchema = z.object({ name: z.string(), main: z.string(), style: z.string() })

/**
 * The stand-in of Datashare's page at `/`, with the plugin's script and style injected as Datashare injects them.
 * Errors: SimilarityError configuration_wrong where the page or the plugin is not built.
 */
export function createDemoPage({ pageDir, pluginDir }: DemoPageOptions): Router {
  const page = join(pageDir, 'index.html')
  const manifestFile = join(pluginDir, 'package.json')
  requireBuilt('page', page)
  requireBuilt('plugin', manifestFile)
  const manifest = ManifestSchema.parse(JSON.parse(readFileSync(manifestFile, 'utf8')))
  requireBuilt('plugin', join(pluginDir, manifest.main))
  requireBuilt('plugin', join(pluginDir, manifest.style))

  const base = `/plugins/${manifest.name}`
  const files = { index: false, redirect: false, cacheControl: false } as const
  const router = express.Router()
  router.get('/', async (_request, response) => {
    const html = await readFile(page, 'utf8')
    response.type('html').set('Cache-Control', 'no-store').send(inject(html, `${base}/${manifest.main}`, `${base}/${manifest.style}`))
  })
  router.get(`${base}/package.json`, (_request, response) => response.sendFile(manifestFile))
  router.use(`${base}/dist`, express.static(join(pluginDir, 'dist'), files))
  router.use(express.static(pageDir, files))
  return router
}

function inject(html: string, script: string, style: string): string {
  return html
    .replace('</head>', () => `<link rel="stylesheet" href="${style}"></head>`)
    .replace('</body>', () => `<script src="${script}" defer></script></body>`)
}

function requireBuilt(what: 'page' | 'plugin', file: string): void {
  if (existsSync(file)) return
  throw new SimilarityError('configuration_wrong', { detail: `The ${what} of the demo is not built: ${file} is missing. Run "npm run build" first.` })
}
