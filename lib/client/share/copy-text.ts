/** Whether it is in the clipboard now. Pages that are not served securely have no clipboard of the new kind. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
