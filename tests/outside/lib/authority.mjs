// An authority of our own for one test file, and https servers on localhost under it.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';

export function authority(dir) {
  const openssl = (...a) => execFileSync('openssl', a, { cwd: dir, stdio: 'ignore' });
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...curve, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '9', '-subj', '/CN=test authority', '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign');
  openssl('req', ...curve, '-keyout', 'srv.key', '-out', 'srv.csr', '-subj', '/CN=localhost');
  fs.writeFileSync(path.join(dir, 'ext'), 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n');
  openssl('x509', '-req', '-in', 'srv.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'srv.pem', '-days', '9', '-extfile', 'ext');
  openssl('req', '-x509', ...curve, '-keyout', 'self.key', '-out', 'self.pem', '-days', '9', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost');
  return {
    ca: path.join(dir, 'ca.pem'),
    // name: srv (under the authority) or self (under none). Its address is .url
    async serve(name, handler, { port = 0, ...options } = {}) {
      const s = https.createServer({ key: fs.readFileSync(path.join(dir, `${name}.key`)), cert: fs.readFileSync(path.join(dir, `${name}.pem`)), ...options }, handler);
      s.on('tlsClientError', () => {});
      await new Promise((resolve) => { s.listen(port, '127.0.0.1', resolve); });
      s.url = `https://localhost:${s.address().port}`;
      return s;
    },
  };
}
