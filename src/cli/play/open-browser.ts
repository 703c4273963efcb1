import { spawn } from 'node:child_process';

/** How long a starter that fails takes at most. xdg-open may run as long as the browser that it started. */
const FAILURE_MS = 5000;

/**
 * Opens an address in the default browser.
 *
 * @returns false if the machine has no browser, or no program that starts one.
 */
export async function openBrowser(url: string): Promise<boolean> {
  const [program, ...parameters] = starterOf(process.platform);
  return await new Promise((resolve) => {
    const child = spawn(program, [...parameters, url], { stdio: 'ignore', detached: true });
    child.unref();
    const timer = setTimeout(() => resolve(true), FAILURE_MS);
    timer.unref();
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

function starterOf(platform: string): [string, ...string[]] {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return ['xdg-open'];
}
