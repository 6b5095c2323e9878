import { relative, sep } from 'node:path';
import { watch } from 'chokidar';

/** An editor saves a file in several steps, and git changes many files at once. */
const SETTLE_MS = 100;

const WATCHED = /^(handlers|lib)\/.*\.(ts|cjs|json)$|^(serverless\.yml|\.env(\.[\w-]+)?)$/;
/** Folders that may hold such files. */
const FOLDERS = /^(|(handlers|lib)(\/[^.]*)?)$/;

/**
 * Watches the files that the stack is made of.
 * @param root the project's folder
 * @param onChange gets the paths that have changed, relative to the folder
 */
export function watchProject(root: string, onChange: (paths: string[]) => void): { close: () => Promise<void> } {
  const pathOf = (path: string) => relative(root, path).split(sep).join('/');
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(root, {
    ignoreInitial: true,
    ignored: (path) => !WATCHED.test(pathOf(path)) && !FOLDERS.test(pathOf(path)),
  });
  watcher.on('all', (_, path) => {
    if (!WATCHED.test(pathOf(path))) return;
    changed.add(pathOf(path));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const paths = [...changed].sort();
      changed.clear();
      onChange(paths);
    }, SETTLE_MS);
  });
  return {
    close: async () => {
      clearTimeout(timer);
      await watcher.close();
    },
  };
}
