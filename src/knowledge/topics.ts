/**
 * What a text is about, in the words people use: the last resort where no wording of the catalogue fits. It only ever
 * names candidates, so the words may be broad; a sign of Codex must stand in the text as well.
 */
import type { FailureId } from './ids.ts';

export interface Topic {
  readonly id: FailureId;
  /** Each of these must be there, anywhere in the text: one of the wordings that `|` parts. */
  readonly about: readonly string[];
}

const LOGIN =
  'log in|login|oauth|sign in|sign-in|signin|verification|登录|登陆|验证码|anmeld|connexion|ログイン';
const FAILS =
  'fail|error|cannot|can not|cant|could not|couldnt|unable|does not|doesnt|not work|isnt|stuck|never|hang|broken|refuse|block|wrong|loop|pending|失败|无法|不能|报错|错误|一直|失敗|できない|fehl|nicht|erreur|não|ошибка|не ';
const PHONE =
  'mobile|phone|android|¦ios¦|ipad|qr code|qr-code|remote|手机|移动端|二维码|handy|スマホ|телефон';
const TOKEN = 'token|credential|session|auth.json|令牌|授权|登录状态';
const REFRESH = 'refresh token|refresh_token|刷新令牌';
const SQLITE = 'sqlite|database|state db|history db|数据库|データベース|datenbank|база данных';
const THREADS =
  'history|histories|historical|conversation|session|thread|chats|messages|projects|会话|历史|对话|記録|履歴|verlauf|histórico';
const MODEL = 'model|模型|モデル|modell|modelo';
const LIMIT = 'limit|quota|usage|额度|限额|用量|配额|лимит|límite|kontingent';
const PROGRAM =
  'codex cli|codex binary|codex executable|codex command|codex app-server|codex.exe|codex path|codex 应用|codex 命令';
const EDITOR =
  'extension|vs code|vscode|jetbrains|pycharm|intellij|¦idea¦|xcode|cursor|sidebar|panel|¦ide¦|¦acp¦|codex-acp|扩展|插件';
const DENIED =
  'permission denied|access denied|access is denied|¦eacces|¦eperm|read-only|not permitted|os error 5|os error 13|拒绝访问|没有执行权限|权限|zugriff verweigert';

/** The more exact of two comes first. */
export const TOPICS: readonly Topic[] = [
  {
    id: 'auth.refresh_token_reused',
    about: [REFRESH, 'reused|already used|used by|another client|使用过|已使用|被其他'],
  },
  { id: 'auth.refresh_token_revoked', about: [REFRESH, 'revoked|invalid|rejected|失效|撤销|无效'] },
  {
    id: 'session.encrypted_content',
    about: ['encrypted|encryption|密文|加密', 'verif|decrypt|content|switch|解密'],
  },
  { id: 'sandbox.blocked', about: ['in sandbox|sandbox denied|blocked by the sandbox|index.lock', DENIED] },
  {
    id: 'auth.login_rate_limited',
    about: [
      LOGIN,
      'too many attempts|too many requests|rate limit|try again later|次数过多|过于频繁|稍后再试',
    ],
  },
  {
    id: 'auth.callback_unreachable',
    about: [
      LOGIN,
      'localhost|callback|127.0.0.1|回调',
      'remote|refused|cannot reach|send any data|empty_response|redirect|¦ssh¦|¦vm¦|docker|container|wsl|headless|无法访问|拒绝',
    ],
  },
  {
    id: 'remote.mfa_required',
    about: [PHONE, 'mfa|2fa|multi-factor|two-factor|secure setup|两步|双重|安全设置'],
  },
  {
    id: 'remote.identity_collision',
    about: [
      PHONE,
      'two macs|two computers|two hosts|two machines|separate macs|both macs|both machines|second mac|cloned|migration assistant|两台',
      'only one|only shows one|overwrit|same id|same host|instead of|switches|changes|identical|覆盖',
    ],
  },
  {
    id: 'remote.stale_environment',
    about: [
      PHONE,
      'host|device|environment|machine|设备|主机',
      'stale|duplicate|forget|delete|remove|old |旧',
    ],
  },
  {
    id: 'remote.presence_stale',
    about: [PHONE, 'offline|last seen|disconnected|not visible|离线|掉线|オフライン'],
  },
  {
    id: 'remote.pairing_failed',
    about: [PHONE, 'pair|scan|connect|waiting for|配对|连接|verbind|ペアリング', FAILS],
  },
  {
    id: 'remote.socket_or_daemon',
    about: ['remote-control|remote control|daemon', 'socket|¦pid¦|daemon|not running|start', FAILS],
  },
  {
    id: 'auth.account_mismatch',
    about: [
      'switch|other account|wrong account|切号|切换|换号|wechsel',
      'account|账号|帐号|切号|konto',
      'still|previous|old account|wrong|instead|还是|仍|原来|上一个',
    ],
  },
  {
    id: 'auth.token_expired',
    about: [
      TOKEN,
      'expire|missing valid access|sign in again|log in again|失效|过期|重新登录|掉登录|abgelaufen|期限切れ|истек',
    ],
  },
  {
    id: 'auth.token_expired',
    about: [
      'me out|logged out|signed out|signs out|logout loop|login loop|logged me out|relogin|re-login|have to sign in|have to log in|forces me to|退出登录|跳出登录|重新登录|掉登录',
    ],
  },
  {
    id: 'model.unsupported_account',
    about: [
      MODEL,
      'not supported|unsupported|not available|unavailable|no access|retired|不支持|不可用|利用できない',
    ],
  },
  {
    id: 'config.invalid_model',
    about: [MODEL, 'not found|does not exist|doesnt exist|unknown|不存在|找不到|未找到'],
  },
  { id: 'server.overloaded', about: ['overload|at capacity|high demand|过载|爆满|繁忙'] },
  {
    id: 'ratelimit.too_many_requests',
    about: [
      '(status|error|http|返回|报|a) 429|429 (too|error|错误)|too many requests|rate limit|tokens per min|限流|请求过多',
    ],
  },
  {
    id: 'ratelimit.credits_exhausted',
    about: [
      'credits|spend cap|credit balance|积分|余额',
      `out of|no more|exhaust|cap|bought|purchase|remaining|不足|用完|${FAILS}`,
    ],
  },
  {
    id: 'ratelimit.usage_limit',
    about: [
      LIMIT,
      'reached|exhaust|used up|hit|reset|consum|drain|¦0%|用完|达到|耗尽|重置|исчерпан|alcanz|erreicht',
    ],
  },
  { id: 'network.edge_blocked', about: ['cloudflare|just a moment|cf-mitigated', '403|challenge|block'] },
  { id: 'network.tls_ca', about: ['certificate|¦tls¦|¦ssl¦|ca bundle|证书|zertifikat', FAILS] },
  { id: 'network.dns', about: ['¦dns¦|resolve host|lookup|getaddrinfo|resolv.conf|域名解析', FAILS] },
  {
    id: 'network.region_blocked',
    about: [
      'region|country|territory|地区|国家|регион',
      'not supported|unsupported|block|unavailable|不支持|不可用',
    ],
  },
  {
    id: 'network.proxy',
    about: [
      '¦proxy¦|¦vpn¦|clash|v2ray|代理|梯子|прокси|プロキシ',
      `empty|ignore|reconnect|timeout|timed out|超时|连接|${FAILS}`,
    ],
  },
  {
    id: 'network.stream_disconnected',
    about: [
      'reconnecting|stream disconnect|stream closed|connection lost|disconnects|重新连接|重连|断流|断开|再接続|переподключ',
    ],
  },
  {
    id: 'context.window_exceeded',
    about: [
      'context|compact|上下文|コンテキスト',
      `exceed|too long|too large|window|full|out of room|超出|过长|压缩|${FAILS}`,
    ],
  },
  { id: 'state.sqlite_locked', about: [SQLITE, 'locked|busy|in use|锁|ロック|gesperrt'] },
  { id: 'state.sqlite_migration', about: [SQLITE, 'migration|schema|newer version|downgrad|迁移'] },
  {
    id: 'state.sqlite_corrupt',
    about: [SQLITE, 'corrupt|malformed|damaged|broken|损坏|破損|beschädigt|повреж'],
  },
  {
    id: 'state.log_growth',
    about: [
      'logs_2|log file|logs db|日志|¦trace¦|hard drive|ssd|disk',
      'grow|huge|large|¦gb¦|¦gib¦|high-volume|writes|write to|written to|like crazy|增长|写入',
    ],
  },
  {
    id: 'state.disk_full',
    about: [
      'disk|storage|space|磁盘|硬盘|dumps|cache|worktree',
      'full|grow|left|fills|without any limit|unbounded|¦gb¦|满|占用',
    ],
  },
  {
    id: 'state.wsl_shared_home',
    about: ['wsl', 'config.toml|.codex|codex_home|auth.json', 'windows|/mnt/c|两|both'],
  },
  { id: 'mcp.startup_timeout', about: ['mcp', 'timeout|timed out|too slow|takes too long|超时'] },
  { id: 'mcp.command_not_found', about: ['mcp', 'not found|¦enoent|no such file|找不到'] },
  { id: 'mcp.auth_required', about: ['mcp', 'oauth|401|unauthorized|mcp login|授权'] },
  {
    id: 'mcp.handshake_failed',
    about: ['mcp', 'handshake|initialize|closed|failed to start|does not detect|not start|启动失败|握手'],
  },
  {
    id: 'config.cloud_requirements',
    about: [
      'allowed set|requirements.toml|managed_config|managed policy|admin',
      'approval|sandbox|policy|not allowed',
    ],
  },
  { id: 'config.toml_syntax', about: ['config.toml', 'parse|syntax|duplicate|invalid table|解析|语法'] },
  {
    id: 'config.invalid_value',
    about: ['config.toml|configuration', 'unknown variant|invalid|expected|unsupported value|无效'],
  },
  {
    id: 'install.spawn_shim',
    about: ['spawn|createprocess|subprocess|popen', '¦enoent|not found|.cmd|.ps1|¦einval'],
  },
  {
    id: 'install.permission',
    about: ['install|update|upgrade|¦npm¦|brew|app-server|启动|安装|更新', DENIED],
  },
  {
    id: 'install.binary_missing',
    about: [PROGRAM, 'not found|locate|missing|no such file|spawn|找不到|未找到|不存在'],
  },
  {
    id: 'install.ide_process',
    about: [
      EDITOR,
      'blank|does not load|wont start|not start|crash|loading|process|empty panel|stopped working|corrupt|加载|打不开|白屏',
      FAILS,
    ],
  },
  {
    id: 'sandbox.windows_setup',
    about: ['windows|powershell|win11|win10|¦uac¦', 'sandbox|windows setup|elevat|沙箱|沙盒', FAILS],
  },
  { id: 'state.permission', about: ['.codex|codex_home|auth.json|config.toml', DENIED] },
  { id: 'sandbox.blocked', about: ['sandbox|approval|沙箱|沙盒', `${DENIED}|${FAILS}`] },
  {
    id: 'state.history_hidden',
    about: [
      THREADS,
      'gone|disappear|vanish|missing|not show|does not show|lost|deleted|wiped|invisible|empty|no chats|no projects|不见|消失|丢失|没了|verschwunden|消えた|пропал',
    ],
  },
  {
    id: 'state.rollout_missing',
    about: ['rollout|resume|恢复', `not found|missing|no longer|找不到|${FAILS}`],
  },
  {
    id: 'provider.local_endpoint_down',
    about: [
      'localhost|127.0.0.1|ollama|lm studio|lmstudio|vllm|llama.cpp',
      `refused|error sending|connect|not running|${FAILS}`,
    ],
  },
  {
    id: 'auth.not_logged_in',
    about: [
      'not logged in|not signed in|login required|authentication * pending|authentication * (isnt|is not|not) working|未登录|请先登录|nicht angemeldet',
    ],
  },
  {
    id: 'auth.plan_not_eligible',
    about: [
      '¦plan¦|subscription|订阅|会员',
      'not include|not eligible|no access|not have access|没有权限|无权',
    ],
  },
  {
    id: 'safety.flagged',
    about: [
      'flagged|cyber|policy violation|suspicious activity|rerout|违规|风控',
      'request|account|content|safety|activity|账号|请求',
    ],
  },
  {
    id: 'pool.stale_cooldown',
    about: ['cooldown|cool-down|冷却', 'still|remain|stuck|reset|recover|重置|恢复'],
  },
  {
    id: 'pool.exhausted',
    about: [
      'all accounts|every account|no account|所有账号',
      'exhaust|unavailable|limit|cooldown|用完|不可用',
    ],
  },
  {
    id: 'server.error',
    about: [
      '(500|502|503|504)(错误|报错)|500 (internal|error)|502 (bad|error)|503 (service|error)|internal server error|bad gateway|service unavailable|服务器错误',
    ],
  },
];
