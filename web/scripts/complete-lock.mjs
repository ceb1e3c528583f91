// Makes package-lock.json whole for `npm ci`.
//
// npm leaves a platform's optional binary out of the lock when the registry that it asked does not
// carry it, and `npm ci` then refuses the lock everywhere. This adds the missing entries: the exact
// version that the parent names, optional, for that platform only. Run it after each change of the
// lock; where the registry is complete it changes nothing.
import { readFileSync, writeFileSync } from 'node:fs'

const LOCK = new URL('../package-lock.json', import.meta.url)
const PLATFORM =
    /(android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|aix|win32)(?:-(arm64|x64|ia32|arm|riscv64|ppc64|s390x|loong64|mips64el))?/
const lock = JSON.parse(readFileSync(LOCK, 'utf8'))
const packages = lock.packages

/** Whether node would find `name` from the package at `path`. */
function resolves(path, name) {
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
        if (packages[at ? `${at}/node_modules/${name}` : `node_modules/${name}`]) return true
        if (!at) return false
    }
}

function entry(name, version) {
    const [, os, cpu] = PLATFORM.exec(name) ?? []
    const made = { version, optional: true }
    if (os) made.os = [os]
    if (cpu) made.cpu = [cpu]
    if (os === 'linux') made.libc = [name.includes('musl') ? 'musl' : 'glibc']
    return made
}

let added = 0
for (const [path, found] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(found.optionalDependencies ?? {})) {
        // A range is npm's own to resolve; binaries are always named by their exact version.
        if (!/^\d/.test(version) || resolves(path, name)) continue
        const top = `node_modules/${name}`
        packages[packages[top] ? `${path}/${top}` : top] = entry(name, version)
        added += 1
    }
}
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`${added} entries added\n`)
