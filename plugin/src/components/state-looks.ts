import type { TaskState } from '@datashare-similarity/shared'
import type { Component } from 'vue'
import IconReady from '~icons/ph/check'
import IconRunning from '~icons/ph/circle-notch'
import IconQueued from '~icons/ph/clock'
import IconNone from '~icons/ph/graph'
import IconNew from '~icons/ph/plus-circle'
import IconCancelled from '~icons/ph/prohibit'
import IconFailed from '~icons/ph/warning'
import type { ProjectState } from '../text/project-state.ts'

interface Look { readonly icon: Component, readonly variant: string }

const running: Look = { icon: IconRunning, variant: 'info' }
const failed: Look = { icon: IconFailed, variant: 'danger' }
const done: Look = { icon: IconReady, variant: 'success' }
const queued: Look = { icon: IconQueued, variant: 'secondary' }

/** An icon and a colour of Bootstrap for each state of a project and of a task; the words stand beside. */
export const LOOKS: Readonly<Record<ProjectState | TaskState, Look>> = {
  none: { icon: IconNone, variant: 'secondary' },
  new: { icon: IconNew, variant: 'warning' },
  ready: done,
  running,
  failed,
  CREATED: queued,
  QUEUED: queued,
  RUNNING: running,
  CANCELLED: { icon: IconCancelled, variant: 'warning' },
  ERROR: failed,
  DONE: done,
}
