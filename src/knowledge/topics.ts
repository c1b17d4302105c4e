/**
 * What a text is about, in the words people use: the last resort where no wording of the catalogue fits. It only ever
 * names candidates, so the words may be broad; a sign of Codex must stand in the text as well.
 */
import type { FailureId } from './ids.ts';
import {
  API_KEY,
  DENIED,
  EDITOR,
  FAILS,
  LIMIT,
  LOGIN,
  MODEL,
  PHONE,
  PROGRAM,
  REFRESH,
  SQLITE,
  THREADS,
  TOKEN,
} from './topic-words.ts';

/** A failure and what it is about: of each, one of the wordings that `|` parts must stand somewhere in the text. */
type Topic = readonly [id: FailureId, ...about: string[]];

/** The more exact of two comes first. */
export const TOPICS: readonly Topic[] = [
  ['auth.refresh_token_reused', REFRESH, 'reused|already used|used by|another client|使用过|已使用|被其他'],
  ['auth.refresh_token_revoked', REFRESH, 'revoked|invalid|rejected|失效|撤销|无效'],
  ['session.encrypted_content', 'encrypted|encryption|密文|加密', 'verif|decrypt|content|switch|解密'],
  ['sandbox.blocked', 'in sandbox|sandbox denied|blocked by the sandbox|index.lock', DENIED],
  [
    'auth.wrong_endpoint_for_token',
    'missing scopes|api.responses.write|api.openai.com',
    'chatgpt|login|oauth|401',
  ],
  [
    'auth.apikey_conflict',
    API_KEY,
    'instead|still|environment|exporting|export|are set|is set|prefer|switch|.env|.zshrc|.zprofile|.bashrc|而不是|环境变量|还是',
  ],
  ['auth.apikey_invalid', API_KEY, 'invalid|incorrect|401|expired|revoked|missing|无效|错误'],
  [
    'auth.device_code_disabled',
    'device code|device-auth|device auth|设备代码',
    'enable|disabled|not allowed|admin|未启用|禁用',
  ],
  [
    'auth.callback_port_in_use',
    '1455|callback port|login port|回调端口',
    'in use|occupied|already|taken|占用',
  ],
  ['auth.token_exchange_failed', 'token exchange|exchange the code|authorization code', FAILS, LOGIN],
  ['auth.credential_store', 'keyring|keychain|secret service|credential manager|钥匙串|schlüsselbund', FAILS],
  [
    'auth.credentials_malformed',
    'auth.json',
    'malformed|invalid|empty|truncated|parse|corrupt|import|格式|为空|导入',
  ],
  [
    'auth.login_rate_limited',
    LOGIN,
    'too many attempts|too many requests|rate limit|try again later|次数过多|过于频繁|稍后再试',
  ],
  [
    'auth.callback_unreachable',
    LOGIN,
    'localhost|callback|127.0.0.1|回调',
    'remote|refused|cannot reach|send any data|empty_response|redirect|¦ssh¦|¦vm¦|docker|container|wsl|headless|无法访问|拒绝',
  ],
  ['remote.mfa_required', PHONE, 'mfa|2fa|multi-factor|two-factor|secure setup|两步|双重|安全设置'],
  ['remote.client_revoked', PHONE, 'revoke|deauthor|access removed|撤销|widerruf'],
  [
    'remote.workspace_policy',
    PHONE,
    'workspace|admin|organization|organisation|policy|管理员',
    'disabled|not allowed|forbid|denied|block|禁用',
  ],
  [
    'remote.requires_chatgpt_login',
    PHONE,
    'api key|apikey|without a login|chatgpt login|chatgpt authentication',
  ],
  ['remote.server_conflict', PHONE, '409 conflict|conflict'],
  ['remote.server_unknown', PHONE, '404|server not found|unknown server'],
  ['remote.enrollment_errored', 'remote', 'enrol|enroll|registration', FAILS],
  [
    'remote.identity_collision',
    PHONE,
    'two macs|two computers|two hosts|two machines|separate macs|both macs|both machines|second mac|cloned|migration assistant|两台',
    'only one|only shows one|overwrit|same id|same host|instead of|switches|changes|identical|覆盖',
  ],
  [
    'remote.stale_environment',
    PHONE,
    'host|device|environment|machine|设备|主机',
    'stale|duplicate|forget|delete|remove|old |旧',
  ],
  ['remote.presence_stale', PHONE, 'offline|last seen|disconnected|not visible|离线|掉线|オフライン'],
  ['remote.pairing_failed', PHONE, 'pair|scan|connect|waiting for|配对|连接|verbind|ペアリング', FAILS],
  [
    'remote.socket_or_daemon',
    'remote-control|remote control|daemon',
    'socket|¦pid¦|daemon|not running|start',
    FAILS,
  ],
  [
    'auth.account_mismatch',
    'switch|other account|wrong account|切号|切换|换号|wechsel',
    'account|账号|帐号|切号|konto',
    'still|previous|old account|wrong|instead|还是|仍|原来|上一个',
  ],
  [
    'auth.token_expired',
    TOKEN,
    'expire|missing valid access|sign in again|log in again|失效|过期|重新登录|掉登录|abgelaufen|期限切れ|истек',
  ],
  [
    'auth.token_expired',
    'me out|logged out|signed out|signs out|logout loop|login loop|logged me out|relogin|re-login|have to sign in|have to log in|forces me to|退出登录|跳出登录|重新登录|掉登录',
  ],
  [
    'model.unsupported_account',
    MODEL,
    'not supported|unsupported|not available|unavailable|no access|retired|不支持|不可用|利用できない',
  ],
  ['config.invalid_model', MODEL, 'not found|does not exist|doesnt exist|unknown|不存在|找不到|未找到'],
  ['server.overloaded', 'overload|at capacity|high demand|过载|爆满|繁忙'],
  [
    'ratelimit.too_many_requests',
    '(status|error|http|返回|报|a) 429|429 (too|error|错误)|too many requests|rate limit|tokens per min|限流|请求过多',
  ],
  [
    'ratelimit.credits_exhausted',
    'credits|spend cap|credit balance|积分|余额',
    `out of|no more|exhaust|cap|bought|purchase|remaining|不足|用完|${FAILS}`,
  ],
  [
    'ratelimit.usage_limit',
    LIMIT,
    'reached|exhaust|used up|hit|reset|consum|drain|¦0%|用完|达到|耗尽|重置|исчерпан|alcanz|erreicht',
  ],
  ['network.edge_blocked', 'cloudflare|just a moment|cf-mitigated', '403|challenge|block'],
  ['network.tls_ca', 'certificate|¦tls¦|¦ssl¦|ca bundle|证书|zertifikat', FAILS],
  ['network.dns', '¦dns¦|resolve host|lookup|getaddrinfo|resolv.conf|域名解析', FAILS],
  [
    'network.region_blocked',
    'region|country|territory|地区|国家|регион',
    'not supported|unsupported|block|unavailable|不支持|不可用',
  ],
  [
    'network.proxy',
    '¦proxy¦|¦vpn¦|clash|v2ray|代理|梯子|прокси|プロキシ',
    `empty|ignore|reconnect|timeout|timed out|超时|连接|${FAILS}`,
  ],
  [
    'network.stream_idle_timeout',
    'idle|stream|sse|no progress|no new',
    'idle|silent|timeout|timed out|for minutes|minutes when|时间过长|超时',
  ],
  [
    'network.stream_disconnected',
    'reconnecting|stream disconnect|stream closed|connection lost|disconnects|重新连接|重连|断流|断开|再接続|переподключ',
  ],
  [
    'context.window_exceeded',
    'context|compact|上下文|コンテキスト',
    `exceed|too long|too large|window|full|out of room|超出|过长|压缩|${FAILS}`,
  ],
  ['state.sqlite_locked', SQLITE, 'locked|busy|in use|锁|ロック|gesperrt'],
  ['state.backfill_timeout', 'backfill', 'timeout|timed out|stuck|running|wait'],
  ['state.sqlite_migration', SQLITE, 'migration|schema|newer version|downgrad|迁移'],
  ['state.sqlite_corrupt', SQLITE, 'corrupt|malformed|damaged|broken|损坏|破損|beschädigt|повреж'],
  [
    'state.log_growth',
    'logs_2|log file|logs db|日志|¦trace¦|hard drive|ssd|disk',
    'grow|huge|large|¦gb¦|¦gib¦|high-volume|writes|write to|written to|like crazy|增长|写入',
  ],
  [
    'state.disk_full',
    'disk|storage|space|磁盘|硬盘|dumps|cache|worktree',
    'full|grow|left|fills|without any limit|unbounded|¦gb¦|满|占用',
  ],
  ['state.wsl_shared_home', 'wsl', 'config.toml|.codex|codex_home|auth.json', 'windows|/mnt/c|两|both'],
  ['mcp.startup_timeout', 'mcp', 'timeout|timed out|too slow|takes too long|超时'],
  ['mcp.command_not_found', 'mcp', 'not found|¦enoent|no such file|找不到'],
  ['mcp.auth_required', 'mcp', 'oauth|401|unauthorized|mcp login|授权'],
  [
    'mcp.handshake_failed',
    'mcp',
    'handshake|initialize|closed|failed to start|does not detect|not start|启动失败|握手',
  ],
  [
    'config.cloud_requirements',
    'allowed set|requirements.toml|managed_config|managed policy|admin',
    'approval|sandbox|policy|not allowed',
  ],
  ['config.toml_syntax', 'config.toml', 'parse|syntax|duplicate|invalid table|解析|语法'],
  [
    'config.deprecated_field',
    'config.toml|setting|option|wire_api|配置',
    'deprecated|no longer|removed|已弃用|不再支持',
  ],
  ['config.forced_login_mismatch', 'forced_login|forced login|login method|restricted to', FAILS],
  [
    'config.home_invalid',
    'codex_home|codex home',
    'not exist|invalid|missing|temporary|wrong|not a directory',
  ],
  ['config.untrusted_dir', 'trust', 'directory|folder|project|目录|项目', 'again|every time|not trusted'],
  [
    'config.invalid_value',
    'config.toml|configuration',
    'unknown variant|invalid|expected|unsupported value|无效',
  ],
  ['install.spawn_shim', 'spawn|createprocess|subprocess|popen', '¦enoent|not found|.cmd|.ps1|¦einval'],
  [
    'install.path_shadow',
    'version|update|upgrade|版本|更新',
    'still old|old version|older version|stays|stale|still returned|still reports|two copies|which codex|not changed|旧版|没有变',
  ],
  [
    'install.platform_incompat',
    'glibc|musl|architecture|illegal instruction|cpu type|exec format|old macos|windows 10|windows 7|centos|alpine',
    FAILS,
  ],
  ['install.permission', 'install|update|upgrade|¦npm¦|brew|app-server|启动|安装|更新', DENIED],
  ['install.binary_missing', PROGRAM, 'not found|locate|missing|no such file|spawn|找不到|未找到|不存在'],
  [
    'install.ide_process',
    EDITOR,
    'blank|does not load|wont start|not start|crash|loading|process|empty panel|stopped working|corrupt|加载|打不开|白屏',
    FAILS,
  ],
  [
    'sandbox.windows_setup',
    'windows|powershell|win11|win10|¦uac¦',
    'sandbox|windows setup|elevat|沙箱|沙盒',
    FAILS,
  ],
  ['sandbox.seatbelt_nested', 'seatbelt|sandbox-exec|sandbox_apply', FAILS],
  ['sandbox.bwrap_missing', 'bubblewrap|bwrap', 'not found|missing|install|could not find|找不到'],
  ['sandbox.userns_blocked', 'bubblewrap|bwrap|user namespace|userns|apparmor', FAILS],
  ['sandbox.landlock_unsupported', 'landlock|seccomp', FAILS],
  ['state.permission', '.codex|codex_home|auth.json|config.toml', DENIED],
  [
    'sandbox.blocked',
    'sandbox|sanbox|approval|read-only mode|write permission|protected path|沙箱|沙盒',
    `read-only|write|权限|${DENIED}|${FAILS}`,
  ],
  [
    'state.global_state_corrupt',
    'global-state|global state',
    'corrupt|unreadable|parse|reset|lost|empty|损坏',
  ],
  [
    'state.history_hidden',
    THREADS,
    'gone|disappear|vanish|missing|not show|does not show|lost|deleted|wiped|invisible|empty|no chats|no projects|不见|消失|丢失|没了|verschwunden|消えた|пропал',
  ],
  [
    'state.rollout_missing',
    'rollout|resume|resuming|恢复',
    `not found|missing|no longer|dead-end|unusable|exited|找不到|${FAILS}`,
  ],
  [
    'provider.local_endpoint_down',
    'localhost|127.0.0.1|ollama|lm studio|lmstudio|vllm|llama.cpp',
    `refused|error sending|connect|not running|${FAILS}`,
  ],
  [
    'auth.not_logged_in',
    'not logged in|not signed in|login required|authentication * pending|authentication * (isnt|is not|not) working|未登录|请先登录|nicht angemeldet',
  ],
  [
    'auth.plan_not_eligible',
    '¦plan¦|subscription|订阅|会员',
    'not include|not eligible|no access|not have access|没有权限|无权',
  ],
  [
    'safety.flagged',
    'flagged|cyber|policy violation|suspicious activity|rerout|违规|风控',
    'request|account|content|safety|activity|账号|请求',
  ],
  [
    'pool.store_corrupt',
    'accounts.json|accounts file|account pool|pool file',
    'empty|emptied|corrupt|truncated|malformed|wiped|lost|清空|损坏',
  ],
  ['pool.stale_cooldown', 'cooldown|cool-down|冷却', 'still|remain|stuck|reset|recover|重置|恢复'],
  [
    'pool.exhausted',
    'all accounts|every account|no account|所有账号',
    'exhaust|unavailable|limit|cooldown|用完|不可用',
  ],
  [
    'server.error',
    '(500|502|503|504)(错误|报错)|500 (internal|error)|502 (bad|error)|503 (service|error)|internal server error|bad gateway|service unavailable|服务器错误',
  ],
];
