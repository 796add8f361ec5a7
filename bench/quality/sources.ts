/** A language as Datashare names it. */
export type Language = 'ENGLISH' | 'FRENCH' | 'SPANISH' | 'GERMAN' | 'RUSSIAN' | 'JAPANESE' | 'CHINESE'

/** An archive whose bytes are pinned. Both registries keep old versions. */
export interface Pinned {
  readonly registry: 'pypi' | 'npm'
  readonly name: string
  readonly version: string
  readonly file: string
  readonly sha256: string
}

/** Documentation inside of a source distribution: the files whose paths, below the archive's first folder, match. */
export interface DocumentationSource extends Pinned {
  readonly documents: RegExp
}

const pypi = (file: string, sha256: string, documents: RegExp): DocumentationSource => {
  const [, name = '', version = ''] = /^(.+)-([^-]+)\.tar\.gz$/.exec(file) ?? []
  return { registry: 'pypi', name, version, file, sha256, documents }
}

export const ENGLISH: readonly DocumentationSource[] = [
  pypi('django-5.2.8.tar.gz', '23254866a5bb9a2cfa6004e8b809ec6246eba4b58a7589bc2772f1bcc8456c7f', /^docs\/.*\.txt$/),
  pypi('sphinx-9.2.0.tar.gz', '90470459f3cab15d9dfed146c71cf77694b0445df17b2e0e69059cb9f7fc9ee4', /^doc\/.*\.rst$/),
  pypi('sqlalchemy-2.1.9.tar.gz', 'd700a8b2edfb26282a470333d6bc4a454c4acda4d201a3bea7b72fa76c217d28', /^doc\/build\/.*\.rst$/),
  pypi('celery-5.7.0.tar.gz', '6a5dfcf6662287204f009a02002b9e66c83d4105e47ebabdc7079108772fc6f0', /^docs\/.*\.rst$/),
  pypi('twisted-26.10.0.tar.gz', '5f0355403e507fc23ceea85e9dbb4bc59335aabde41dd324e8b8cea180dd38de', /^docs\/.*\.rst$/),
  pypi('matplotlib-3.11.2.tar.gz', 'cec596316640f2b394b8f0daa0ea61a8eae82d017b620b9f202befb972a59ea4', /^doc\/.*\.rst$/),
  pypi('scikit_learn-1.9.1.tar.gz', '629cada3e33e2b9bf376cdc7614a47a4140b8aedc1d836579e359736fbd82977', /^doc\/.*\.rst$/),
  pypi('numpy-2.5.5.tar.gz', '5cddc243c75114ba845f01b1f87aca1572dbf7b6c2d88636ed3e1d2bccd7f1bf', /^doc\/.*\.(rst|md)$/),
  pypi('salt-3007.17.tar.gz', '03c85d77ad4e9bc93877977ca68987b4b2a21cc9043e513cb2e40d96bbabd40b', /^doc\/.*\.rst$/),
  pypi('nova-34.0.0.tar.gz', '919eef77cda4ce0cc4746a5853b5d9341ebd0ae37bc8b1939eb77d17727c00df', /^doc\/source\/.*\.rst$/),
  pypi('pyramid-2.1.tar.gz', '5a24bc1b5f9e0f0d1c0b6ddd1111e84c15dac44a07e3c1d24e74dd9bb4fc22eb', /^docs\/.*\.rst$/),
  pypi('buildbot-4.3.0.tar.gz', 'cbf46a15004bb1229712285e4f2b98163a169868ea00783e5e0d7cf8d5e8d962', /^docs\/.*\.rst$/),
  pypi('pytest-9.2.0.tar.gz', '97c4f3b1f3c7414aa36465e09b8220f1d03627993bd51b1282e193753c80557b', /^doc\/.*\.rst$/),
  pypi('sympy-1.14.0.tar.gz', 'd3d3fe8df1e5a0b42f0e7bdf50541697dbe7d23746e894990c030e2b05e72517', /^doc\/.*\.(rst|md)$/),
  pypi('scrapy-2.19.0.tar.gz', '34130726582b64c91531162ab277c4053e558876d49ba219cb43679e71d80a87', /^docs\/.*\.rst$/),
  pypi('cython-3.3.1.tar.gz', 'e0e45989e821bef6aa9ae15c7d583ab5e055f7406c4b3624e49e06d24e90375a', /^docs\/.*\.rst$/),
  pypi('docutils-0.23.tar.gz', '746f5060322511280a1e50eb76846ed6bf2342984b2ac04dc42caa1a8d78799e', /^docs\/.*\.(rst|txt)$/),
  pypi('flask-3.1.3.tar.gz', '0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb', /^docs\/.*\.rst$/),
  pypi('aiohttp-3.14.5.tar.gz', '5558a7f5a05af9ecf744af91e5baefc436f93c9333e656c27ec253f9a6bbe178', /^docs\/.*\.rst$/),
  pypi('ipython-9.18.1.tar.gz', '6319c0f5372c196397899479e6db1783dd7937abae06815d1317e8d5d51aaaaf', /^docs\/.*\.rst$/),
  pypi('setuptools-84.2.1.tar.gz', '3ff8b3b5492a0aa66960f4419365a86b84e013070d4313e4d4a6894f5d64d6bc', /^docs\/.*\.rst$/),
]

/** One folder a language, as the framework's own documentation has them. */
export const FASTAPI = pypi('fastapi-0.99.1.tar.gz', 'ac78f717cd80d657bd183f94d33b9bda84aa376a46a9dab513586b8eef1dc6fc', /^docs\/(de|es|fr|ja|ru|zh)\/docs\/.*\.md$/)

/** One JSON file with the pages of all languages, as HTML. */
export const ELECTRON: Pinned = {
  registry: 'npm', name: 'electron-i18n', version: '1.3136.0', file: 'electron-i18n-1.3136.0.tgz', sha256: '4deb99ca165f8dea82f50543cd11b43b1bdeb90f7c17f12a12747a68342eac65',
}

/** Debian packages of HTML pages. Mirrors drop old versions, so that they are extras: no promise is judged by them. */
export interface DebianSource {
  readonly package: string
  readonly language: Language
  /** Paths below the package's root. */
  readonly documents: RegExp
}

const handbook = (language: Language, folder: string): DebianSource =>
  ({ package: 'debian-handbook', language, documents: new RegExp(`/debian-handbook/html/${folder}/(?!index)[^/]+\\.html$`) })
const reference = (language: Language, code: string): DebianSource =>
  ({ package: `developers-reference-${code}`, language, documents: /\/developers-reference\/\w+\/(?!index|search|genindex)[^/]+\.html$/ })

export const DEBIAN: readonly DebianSource[] = [
  handbook('FRENCH', 'fr-FR'), handbook('SPANISH', 'es-ES'), handbook('GERMAN', 'de-DE'),
  handbook('RUSSIAN', 'ru-RU'), handbook('JAPANESE', 'ja-JP'), handbook('CHINESE', 'zh-CN'),
  reference('FRENCH', 'fr'), reference('GERMAN', 'de'), reference('RUSSIAN', 'ru'), reference('JAPANESE', 'ja'),
]
