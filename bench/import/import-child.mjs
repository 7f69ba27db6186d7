// `node import-child.mjs <package>`: what importing it costs this fresh process.
const before = process.cpuUsage();
await import(process.argv[2]);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpuMs: (user + system) / 1_000 }));
process.exit(0);
