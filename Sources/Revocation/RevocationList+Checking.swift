public import Contract
import Synchronization
import Tracing

extension RevocationList {
    /// What the store knows of a token: one lookup, one round trip; none if it was found revoked in the last moments
    /// (``RevocationConfiguration/revokedAnswerLifetime``). What is known here to be revoked stays so while the store is away.
    public func verdict(for token: TokenClaims) async -> Verdict {
        let question = Question(askedAt: configuration.bootClock(), remembersClear: false)
        return await isObserved ? observedVerdict(token, question) : verdict(token, question)
    }

    func verdict(for token: TokenClaims, remembersClear: Bool) async -> Verdict {
        let question = Question(askedAt: configuration.bootClock(), remembersClear: remembersClear)
        return await isObserved ? observedVerdict(token, question) : verdict(token, question)
    }

    /// A question about a token.
    private struct Question {
        let askedAt: ContinuousClock.Instant
        /// Whether a clear answer may be wanted again (``FailurePolicy/lastKnown(for:)``).
        let remembersClear: Bool
    }

    /// Whether anybody looks at metrics or spans.
    private var isObserved: Bool { metrics.areWanted || tracer != nil }

    private func observedVerdict(_ token: TokenClaims, _ question: Question) async -> Verdict {
        let answer =
            if let tracer {
                await tracer.withAnySpan("revoked.check", ofKind: .client) { span in
                    let answer = await verdict(token, question)
                    span.attributes["revoked.outcome"] = answer.word
                    return answer
                }
            } else {
                await verdict(token, question)
            }
        metrics.checked(answer, took: configuration.bootClock() - question.askedAt)
        return answer
    }

    /// The call stands here and not in a function of its own, nor in several: each that is asynchronous costs a check
    /// about as much as reading its reply.
    @inline(__always)
    private func verdict(_ token: TokenClaims, _ question: Question) async -> Verdict {
        let call: PendingCheck
        switch prepare(token, question) {
        case .answered(let verdict): return verdict
        case .open(let open): call = open
        }
        guard let connection = backend.checkConnection() else { return await slowVerdict(question, call) }
        let outcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if call.wait(continuation) { connection.submit(call) }
            }
        } onCancel: {
            call.finish(.failure(.cancelled))
        }
        return conclude(question, call, outcome.findings(of: call.check), connection.clockOffset)
    }

    /// Where one command is not all that it takes.
    private func slowVerdict(_ question: Question, _ call: PendingCheck) async -> Verdict {
        do throws(StoreFailure) {
            let values = try await backend.lookUp(call.check.keys)
            let clockOffset = try await backend.condition().clockOffset
            return conclude(question, call, .success(.values(values)), clockOffset)
        } catch {
            return conclude(question, call, .failure(error), 0)
        }
    }

    private enum Preparation {
        case answered(Verdict)
        /// The store is to be asked.
        case open(PendingCheck)
    }

    /// All that comes before the store is asked.
    private func prepare(_ token: TokenClaims, _ question: Question) -> Preparation {
        do throws(UnknownCause) {
            let call = PendingCheck(token, in: try namespace(for: token.issuer), belief)
            let reason = known.withLock {
                $0.revocation(of: call.check, lifetime: configuration.revokedAnswerLifetime, now: question.askedAt)
            }
            return reason.map { .answered(.revoked($0)) } ?? .open(call)
        } catch {
            return .answered(.unknown(error))
        }
    }

    /// All that comes after.
    private func conclude(
        _ question: Question, _ call: PendingCheck, _ findings: Result<Check.Findings, StoreFailure>,
        _ clockOffset: Int64
    ) -> Verdict {
        let check = call.check
        let (answer, pinned) = verdict(check, call.hope?.epoch, findings, clockOffset)
        switch answer {
        case .clear:
            if question.remembersClear {
                known.withLock { $0.learnClear(check, epoch: pinned, askedAt: question.askedAt) }
            }
        case .revoked(let reason):
            known.withLock { $0.learnRevoked(check, reason, askedAt: question.askedAt) }
        case .unknown(let cause):
            look(into: cause)
            let now = configuration.wallClock()
            let reason = known.withLock {
                $0.revocation(of: check, lifetime: nil, now: question.askedAt) ?? $0.ownRevocation(of: check, now: now)
            }
            if let reason { return .revoked(reason) }
        }
        return answer
    }

    /// - Returns: the verdict, and the epoch under which it holds.
    private func verdict(
        _ check: Check, _ believed: [UInt8]?, _ findings: Result<Check.Findings, StoreFailure>, _ clockOffset: Int64
    ) -> (Verdict, [UInt8]) {
        switch findings {
        case .failure(let failure): return (.unknown(UnknownCause(failure)), [])
        case .success(.nothing):
            let epoch = believed ?? []
            return (check.verdict(.nothing, pinnedEpoch: epoch, now: 0), epoch)
        case .success(.values(let values)):
            let pinned = pinned(believed, seeing: values)
            let now = configuration.wallClock() + clockOffset
            return (check.verdict(.values(values), pinnedEpoch: pinned, now: now), pinned)
        }
    }
}

extension PendingCall.Outcome {
    /// What a look-up found.
    fileprivate func findings(of check: Check) -> Result<Check.Findings, StoreFailure> {
        switch self {
        case .failure(let failure): return .failure(failure)
        case .success(.asHoped): return .success(.nothing)
        case .success(.replies(let replies)):
            do throws(StoreFailure) {
                return .success(.values(try (replies.first ?? .null).values(count: check.keyCount)))
            } catch {
                return .failure(error)
            }
        }
    }
}
