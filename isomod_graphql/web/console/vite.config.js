// How the console and the account pages become files: one folder of hashed assets under /console/, each beside its compressed copy.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const OUT = 'dist';
const WORTH_COMPRESSING = /\.(js|css|html|svg|ttf)$/;

function compressedCopies() {
  return {
    name: 'compressed-copies',
    apply: 'build',
    closeBundle() {
      for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !WORTH_COMPRESSING.test(entry.name)) continue;
        const path = join(entry.parentPath ?? entry.path, entry.name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: '/console/',
  plugins: [react(), compressedCopies()],
  worker: { format: 'es' },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    assetsInlineLimit: 0, // The content security policy allows no data: URL for scripts.
    modulePreload: { polyfill: false }, // Every browser that can run the editor preloads modules by itself.
    chunkSizeWarningLimit: 5000, // The editor is one large file, loaded after sign-in.
    rolldownOptions: {
      input: ['index.html', 'account.html'],
      onLog(level, log, report) {
        // Hints of the editor's authors to a compiler that has already run.
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') report(level, log);
      },
    },
  },
});
