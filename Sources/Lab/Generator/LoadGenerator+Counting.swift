#if os(Linux)
    import CLinux

    extension LoadGenerator {
        /// Counts the replies that are complete now.
        @inline(__always)
        mutating func countReplies(_ index: Int, _ schedule: LoadSchedule?, at now: Int64) {
            let batch = connections[index].batch
            let first = connections[index].counted
            var end = first
            if connections[index].received == batches[batch].replyOffsets[connections[index].slots.upperBound] {
                end = connections[index].slots.upperBound
            } else {
                while batches[batch].replyOffsets[end + 1] <= connections[index].received { end += 1 }
            }
            connections[index].counted = end
            guard isCounting, !hasEnded, end > first else { return }
            if let schedule {
                countFromDue(first..<end, index, schedule, at: now)
            } else {
                let latency = now - connections[index].sentAt
                result.requests += end - first
                if record.operations.count == 1 {
                    record.record(0, latency: latency, count: end - first)
                } else {
                    for slot in first..<end {
                        record.record(batches[batch].operations[slot], latency: latency, count: 1)
                    }
                }
            }
        }

        /// Each from when it was due, not from when it was sent: who waits before a slow server waits, too.
        private mutating func countFromDue(_ slots: Range<Int>, _ index: Int, _ schedule: LoadSchedule, at now: Int64) {
            let batch = connections[index].batch
            for slot in slots {
                let number = connections[index].firstNumber + slot - connections[index].slots.lowerBound
                let due = schedule.due(number)
                guard due >= countsFrom else { continue }
                result.requests += 1
                record.record(batches[batch].operations[slot], latency: now - due, count: 1)
            }
        }

        mutating func startCounting(_ now: Int64) {
            isCounting = true
            beganAt = now
            if plan.recording != nil { secondEndsAt = now + 1_000_000_000 }
            serverTimeAtStart = plan.server.map(clinux_processor_time) ?? 0
            ownTimeAtStart = clinux_thread_time()
            waitingAtStart = ThreadSchedule.waiting
            threadTimeBefore = serverThread?.time ?? 0
        }

        /// In a closed loop.
        mutating func endIfDue(_ now: Int64) {
            guard isCounting, !hasEnded else { return }
            let isDue =
                switch plan.end {
                case .after(let duration): now - beganAt >= duration.inNanoseconds
                case .requests(let requests): result.requests >= requests
                case .withKeys: !goesOn && busy == 0
                }
            if isDue || plan.stop.isSet { end(now) }
        }

        private mutating func end(_ now: Int64) {
            hasEnded = true
            result.nanoseconds = now - beganAt
            result.serverNanoseconds = (plan.server.map(clinux_processor_time) ?? 0) - serverTimeAtStart
            result.generatorNanoseconds = clinux_thread_time() - ownTimeAtStart
            result.generatorWaiting = ThreadSchedule.waiting - waitingAtStart
        }

        /// Closes the books when all replies have come.
        mutating func finish() {
            let now = clinux_time()
            if !hasEnded { end(now) }
            handOver(at: now, isLast: true)
        }

        /// Publishes the recorded operations, once a second for the display.
        mutating func handOver(at now: Int64, isLast: Bool = false) {
            for (index, operation) in record.operations.enumerated() { result.operations[index].add(operation) }
            if let recording = plan.recording, isCounting {
                recording.recorder.add(record, of: recording.firstSecond + second(isLast: isLast, now))
                while secondEndsAt <= now { secondEndsAt += 1_000_000_000 }
            }
            record.reset()
        }

        /// The second of the run that the record is of.
        private func second(isLast: Bool, _ now: Int64) -> Int {
            let second = max(0, Int((secondEndsAt - 1 - beganAt) / 1_000_000_000))
            let hasJustBegun = now - (secondEndsAt - 1_000_000_000) <= LoadPlan.Recording.rest.inNanoseconds
            return isLast && hasJustBegun ? max(0, second - 1) : second
        }

        mutating func observePause(_ index: Int, at now: Int64, _ threadTime: Int64) {
            result.longestBatch = max(result.longestBatch, now - connections[index].sentAt)
            result.longestServerBatch = max(result.longestServerBatch, threadTime - threadTimeBefore)
            threadTimeBefore = threadTime
        }
    }
#endif
