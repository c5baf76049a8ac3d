export { exposeHeaders } from './expose-headers.ts'
export { createGuard, type ExpressGuard, type Stile, type StileRequest, stileOf } from './guard.ts'
