export type { EnrollableMethod, Enrollment, EnrollmentState } from './enrollment.ts'
export { createEnrollment } from './enrollment.ts'
