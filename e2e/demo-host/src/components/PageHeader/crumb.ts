import type { Component } from 'vue'
import type { RouteLocationRaw } from 'vue-router'

export interface Crumb {
  label: string
  icon?: Component
  to?: RouteLocationRaw
}
