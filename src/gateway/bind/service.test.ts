import { describe, expect, it } from 'vitest';
import { createHost } from '../../host.ts';
import { describeService } from './service.ts';

const FACTS = { node: '/opt/my node/bin/node', steward: '/opt/$x 100%/"s".cjs', codexHome: '/home/u/.codex' };
const host = (platform: NodeJS.Platform, env: Record<string, string> = {}) =>
  createHost({ platform, env, userHome: '/home/u', cwd: '/home/u', uid: 1000 });

describe('the service of the gateway', () => {
  it('keeps odd paths and values whole for systemd, where a dollar sign means something in one place only', () => {
    const env = { HTTPS_PROXY: 'http://u:p%40$w@proxy:1', NO_PROXY: 'a b', SSL_CERT_FILE: 'x\ny' };
    const { file } = describeService(host('linux', env), FACTS);
    expect(file.path).toBe('/home/u/.config/systemd/user/codex-steward-gateway.service');
    expect(file.content).toContain(
      'ExecStart="/opt/my node/bin/node" "/opt/$$x 100%%/\\"s\\".cjs" gateway serve --idle 0 --wait\n',
    );
    expect(file.content).toContain('Environment=CODEX_HOME=/home/u/.codex\n');
    expect(file.content).toContain('Environment="HTTPS_PROXY=http://u:p%%40$w@proxy:1"\n');
    expect(file.content).toContain('Environment="NO_PROXY=a b"\n');
    expect(file.content).not.toContain('SSL_CERT_FILE'); // a line of its own would be another setting
  });

  it('is well-formed for launchd and the Task Scheduler', () => {
    const agent = describeService(host('darwin'), FACTS).file;
    expect(agent.path).toBe('/home/u/Library/LaunchAgents/dev.codex-steward-gateway.plist');
    expect(agent.content).toContain('<string>/opt/$x 100%/&quot;s&quot;.cjs</string>');
    const task = describeService(host('win32'), { ...FACTS, node: "C:\\O'Neil & Co\\node.exe" }).file;
    expect(task.content).toContain(
      '&amp; &apos;C:\\O&apos;&apos;Neil &amp; Co\\node.exe&apos;'.replaceAll('&apos;', "'"),
    );
    expect(task.content).toContain('<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>');
    expect(task.content).toContain('<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>');
  });

  it('is another one for another Codex home', () => {
    const one = describeService(host('linux'), FACTS);
    const two = describeService(host('linux'), { ...FACTS, codexHome: '/srv/codex' });
    expect(two.file.path).toMatch(/codex-steward-gateway-[0-9a-f]{8}\.service$/);
    expect(two.disable).not.toEqual(one.disable);
  });
});
