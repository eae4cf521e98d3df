'use client'

import { useEffect } from 'react'

/**
 * Keeps the workbench in what is left above a phone's keyboard: some browsers lay the keyboard over the page and tell
 * only the visual viewport. A page zoomed with two fingers is left as it is.
 */
export function useVisibleHeight(): void {
  useEffect(() => {
    const viewport = window.visualViewport
    if (!viewport) return
    const { style, dataset } = document.documentElement
    const fit = () => {
      const isCovered = viewport.scale < 1.01 && window.innerHeight - viewport.height > 1
      if (isCovered) style.setProperty('--visible-height', `${Math.round(viewport.height)}px`)
      else style.removeProperty('--visible-height')
      // The style sheet then gives all there is to the pane in use.
      if (isCovered) dataset['keyboard'] = 'up'
      else delete dataset['keyboard']
      // Safari scrolls the page under the keyboard instead; the workbench has nothing to scroll to.
      if (isCovered) window.scrollTo(0, 0)
    }
    fit()
    viewport.addEventListener('resize', fit)
    return () => {
      viewport.removeEventListener('resize', fit)
      style.removeProperty('--visible-height')
      delete dataset['keyboard']
    }
  }, [])
}
