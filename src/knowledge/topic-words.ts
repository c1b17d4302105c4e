/** Words for one thing that several topics ask for: what people call it, `|` between them. */

export const LOGIN =
  'log in|login|oauth|sign in|sign-in|signin|verification|登录|登陆|验证码|anmeld|connexion|ログイン';
export const FAILS =
  'fail|error|cannot|can not|cant|could not|couldnt|unable|does not|doesnt|not work|isnt|stuck|never|hang|broken|refuse|block|wrong|loop|pending|失败|无法|不能|报错|错误|一直|失敗|できない|fehl|nicht|erreur|não|ошибка|не ';
export const PHONE =
  'mobile|phone|android|¦ios¦|ipad|qr code|qr-code|remote|手机|移动端|二维码|handy|スマホ|телефон';
export const TOKEN = 'token|credential|session|auth.json|令牌|授权|登录状态';
export const REFRESH = 'refresh token|refresh_token|刷新令牌';
export const SQLITE = 'sqlite|database|state db|history db|数据库|データベース|datenbank|база данных';
export const THREADS =
  'history|histories|historical|conversation|session|thread|chats|messages|projects|会话|历史|对话|記録|履歴|verlauf|histórico';
export const MODEL = 'model|模型|モデル|modell|modelo';
export const LIMIT = 'limit|quota|usage|额度|限额|用量|配额|лимит|límite|kontingent';
export const PROGRAM =
  'codex cli|codex binary|codex executable|codex command|codex app-server|codex.exe|codex path|codex 应用|codex 命令';
export const EDITOR =
  'extension|vs code|vscode|jetbrains|pycharm|intellij|¦idea¦|xcode|cursor|sidebar|panel|¦ide¦|¦acp¦|codex-acp|扩展|插件';
export const DENIED =
  'permission denied|access denied|access is denied|¦eacces|¦eperm|read-only|not permitted|os error 5|os error 13|拒绝访问|没有执行权限|权限|zugriff verweigert';

export const API_KEY = 'api key|api-key|apikey|api 密钥|openai_api_key|codex_api_key';
