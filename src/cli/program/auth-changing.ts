/** Registration of the `auth` commands that change accounts: switching, checking, repairing, policies, rotation. */
import { type Command, Option } from 'commander';
import type { Registration } from './auth.ts';
import { parseCount } from './auth-reading.ts';

const JSON_OPTION = ['-j, --json', 'one JSON object on stdout'] as const;
const ACCOUNT = ['<account>', 'number as in `auth list`, e-mail address, or account id'] as const;

/** Adds the changing commands to `auth`. */
export function registerChangingCommands(auth: Command, registration: Registration): void {
  const { deps, done } = registration;
  auth
    .command('switch')
    .description('use this account from now on, and pin it')
    .argument(...ACCOUNT)
    .option(...JSON_OPTION)
    .action(async (account, options) =>
      done(await (await import('../commands/auth/switch.ts')).runSwitch(account, options, deps)),
    );

  auth
    .command('unpin')
    .description('let the gateway choose again')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/unpin.ts')).runUnpin(options, deps)),
    );

  auth
    .command('check')
    .description('ask the server about each account (exit code 1: none works)')
    .argument('[accounts...]', 'only these, also if disabled')
    .option(...JSON_OPTION)
    .action(async (accounts, options) =>
      done(await (await import('../commands/auth/check.ts')).runCheck(accounts, options, deps)),
    );

  auth
    .command('fix')
    .description('refresh what can be refreshed, disable what is dead')
    .option('-n, --dry-run', 'say what would be done; contact nobody, change nothing')
    .option('-l, --live', 'also ask the server about each account; costs no quota')
    .option('-m, --model <model>', 'recommend an account for this model')
    .option(...JSON_OPTION)
    .action(async (options) => done(await (await import('../commands/auth/fix.ts')).runFix(options, deps)));

  auth
    .command('doctor')
    .description('find what is wrong with the accounts; with --fix, repair it')
    .option('--fix', 'apply the repairs')
    .option('-n, --dry-run', 'with --fix: say what would be done, change nothing')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/doctor.ts')).runAuthDoctor(options, deps)),
    );

  auth
    .command('verify-flagged')
    .description('try the accounts that were taken out of the pool, bring healthy ones back')
    .option('-n, --dry-run', 'say what would be tried; contact nobody, change nothing')
    .option('--no-restore', 'leave healthy ones where they are')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/verify-flagged.ts')).runVerifyFlagged(options, deps)),
    );

  auth
    .command('workspace')
    .description('the workspaces of an account, or use one of them')
    .argument(...ACCOUNT)
    .argument('[workspace]', 'number as listed, or id')
    .option(...JSON_OPTION)
    .action(async (account, workspace, options) =>
      done(
        await (await import('../commands/auth/workspace.ts')).runWorkspace(account, workspace, options, deps),
      ),
    );

  auth
    .command('remove')
    .description('take an account out of the pool')
    .argument(...ACCOUNT)
    .option('-y, --yes', 'do not ask')
    .option(...JSON_OPTION)
    .action(async (account, options) =>
      done(await (await import('../commands/auth/remove.ts')).runRemove(account, options, deps)),
    );

  registerAccountCommands(auth, registration);
  registerRotationCommands(auth, registration);
}

function registerAccountCommands(auth: Command, { deps, done }: Registration): void {
  const account = auth.command('account').description('how an account is to be used');
  account
    .command('tag')
    .description('add tags')
    .argument(...ACCOUNT)
    .argument('<tags...>')
    .option(...JSON_OPTION)
    .action(async (selector, tags, options) =>
      done(await (await import('../commands/auth/account.ts')).runAccountTag(selector, tags, options, deps)),
    );
  account
    .command('untag')
    .description('take tags away')
    .argument(...ACCOUNT)
    .argument('<tags...>')
    .option(...JSON_OPTION)
    .action(async (selector, tags, options) =>
      done(
        await (await import('../commands/auth/account.ts')).runAccountUntag(selector, tags, options, deps),
      ),
    );
  account
    .command('weight')
    .description('how often it is chosen, compared with others (1 is normal)')
    .argument(...ACCOUNT)
    .argument('<weight>')
    .option(...JSON_OPTION)
    .action(async (selector, weight, options) =>
      done(
        await (await import('../commands/auth/account.ts')).runAccountWeight(selector, weight, options, deps),
      ),
    );
  for (const [name, description] of [
    ['disable', 'choose it no more, until enable or a switch to it'],
    ['enable', 'choose it again'],
  ] as const) {
    account
      .command(name)
      .description(description)
      .argument(...ACCOUNT)
      .option(...JSON_OPTION)
      .action(async (selector, options) =>
        done(await (await import('../commands/auth/enable.ts')).runEnable(name, selector, options, deps)),
      );
  }
  for (const [name, description] of [
    ['pause', 'use it for nothing until unpause'],
    ['unpause', 'use it again'],
    ['drain', 'finish what runs on it, start nothing new'],
    ['undrain', 'start new things on it again'],
  ] as const) {
    account
      .command(name)
      .description(description)
      .argument(...ACCOUNT)
      .option(...JSON_OPTION)
      .action(async (selector, options) =>
        done(
          await (await import('../commands/auth/account.ts')).runAccountFlag(name, selector, options, deps),
        ),
      );
  }
  account
    .command('note')
    .description('write a note on it; without text, take the note away')
    .argument(...ACCOUNT)
    .argument('[text...]')
    .option(...JSON_OPTION)
    .action(async (selector, text, options) =>
      done(await (await import('../commands/auth/account.ts')).runAccountNote(selector, text, options, deps)),
    );
  account
    .command('policy')
    .description('policies of the accounts')
    .command('list', { isDefault: true })
    .description('all policies')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/account.ts')).runAccountPolicyList(options, deps)),
    );
}

function registerRotationCommands(auth: Command, { deps, done }: Registration): void {
  const rotation = auth.command('rotation').description('the gateway that rotates accounts');
  rotation
    .command('status')
    .description('whether it is on, and who waits for what')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/rotation-status.ts')).runRotationStatus(options, deps)),
    );
  rotation
    .command('enable')
    .description('rotate accounts')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/rotation.ts')).runRotationEnable(options, deps)),
    );
  rotation
    .command('disable')
    .description('use only the active account')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/rotation.ts')).runRotationDisable(options, deps)),
    );
  rotation
    .command('bind-app')
    .description('send the packaged Codex app through the gateway, and keep it running')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/rotation-bind.ts')).runRotationBindApp(options, deps)),
    );
  rotation
    .command('unbind-app')
    .description('let the packaged app reach OpenAI directly again')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/rotation-bind.ts')).runRotationUnbindApp(options, deps)),
    );
  rotation
    .command('reset-runtime')
    .description('let the running gateway forget cool-downs and which thread is whose')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(
        await (await import('../commands/auth/rotation-reset-runtime.ts')).runRotationResetRuntime(
          options,
          deps,
        ),
      ),
    );
  rotation
    .command('reset-rate-limits')
    .description('forget remembered limits and waits')
    .addOption(new Option('--all', 'of all accounts').conflicts('account'))
    .addOption(new Option('--account <n>', 'of this one').argParser(parseCount))
    .option('-n, --dry-run', 'say what would be forgotten, change nothing')
    .option(...JSON_OPTION)
    .action(async (options) =>
      done(await (await import('../commands/auth/rotation.ts')).runRotationResetRateLimits(options, deps)),
    );
}
