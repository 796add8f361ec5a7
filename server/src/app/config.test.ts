import { describe, expect, it } from 'vitest'
import { SimilarityError } from '@datashare-similarity/shared'
import { readConfig } from './config.ts'

const wrong = (env: Record<string, string>): string => {
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof SimilarityError && error.code === 'configuration_wrong') return error.detail
    throw error
  }
  return 'accepted'
}

describe('settings', () => {
  it('need nothing: the companion listens on loopback for a Datashare on the same machine', () => {
    const config = readConfig({})

    expect(config).toMatchObject({ host: '127.0.0.1', port: 4780, datashareUrl: 'http://localhost:8080', model: 'all-MiniLM-L6-v2', vectorizeRole: 'PROJECT_EDITOR' })
    expect(config.allowedOrigins).toEqual(['http://localhost:8080', 'http://127.0.0.1:8080'])
    expect(config.allowedHosts).toEqual(expect.arrayContaining(['localhost', '127.0.0.1', '[::1]']))
  })

  it('allow exactly the origin of a Datashare with a name of its own, and not loopback names when bound elsewhere', () => {
    const config = readConfig({ DATASHARE_URL: 'https://datashare.example.org/', SIMILARITY_HOST: '10.0.0.7', SIMILARITY_PUBLIC_URL: 'https://similar.example.org/similarity' })

    expect(config.allowedOrigins).toEqual(['https://datashare.example.org', 'https://similar.example.org'])
    expect(config.allowedHosts).toEqual(['datashare.example.org', 'similar.example.org', '10.0.0.7'])
  })

  it('count an empty value as not set', () => {
    expect(readConfig({ SIMILARITY_PORT: '', DATASHARE_URL: ' ' }).port).toBe(4780)
  })

  it.each([
    { name: 'SIMILARITY_PORT', value: 'eighty', shape: 'a whole number from 0 to 65535' },
    { name: 'SIMILARITY_PORT', value: '70000', shape: 'a whole number from 0 to 65535' },
    { name: 'DATASHARE_URL', value: 'localhost:8080', shape: 'an address such as' },
    { name: 'ELASTICSEARCH_URL', value: 'not an address', shape: 'an address such as' },
    { name: 'DATASHARE_URL', value: 'http://alice:secret@localhost:8080', shape: 'without user and password' },
    { name: 'SIMILARITY_VECTORIZE_ROLE', value: 'KING', shape: 'PROJECT_ADMIN, PROJECT_EDITOR or PROJECT_MEMBER' },
    { name: 'SIMILARITY_ALLOWED_ORIGINS', value: 'https://a.example/path', shape: 'origins such as' },
    { name: 'SIMILARITY_ALLOWED_ORIGINS', value: '*', shape: 'origins such as' },
    { name: 'SIMILARITY_THREADS', value: '0', shape: 'a whole number from 1 to 64' },
    { name: 'SIMILARITY_DEVICE', value: 'abacus', shape: 'cpu, cuda, coreml, dml, webgpu' },
    { name: 'SIMILARITY_ENGINE', value: 'cron', shape: 'local' },
    { name: 'SIMILARITY_STORE', value: 'postgres', shape: 'lancedb or elasticsearch' },
    { name: 'SIMILARITY_LOG_LEVEL', value: 'loud', shape: 'silent, error' },
  ])('name $name and its shape when it is $value', ({ name, value, shape }) => {
    const told = wrong({ [name]: value })

    expect(told).toContain(name)
    expect(told).toContain(shape)
  })

  it('name every wrong one at once', () => {
    const told = wrong({ SIMILARITY_PORT: 'x', SIMILARITY_THREADS: 'y' })

    expect(told).toContain('SIMILARITY_PORT')
    expect(told).toContain('SIMILARITY_THREADS')
  })
})
