import Denylist
import RESP
import Synchronization

extension Session {
    /// Executes requests that stand side by side and ask, each for one key, whether it is there (`EXISTS`): a check, to most
    /// clients. Together they cost half of what they cost one by one, and answer the same.
    /// - Parameter indices: not empty; at most ``Denylist/Presence/most``.
    /// - Returns: how many of them it has executed, from the first on; 0 if that is to be executed by itself.
    @inline(__always)
    mutating func performRun(
        _ indices: Range<Int>, of batch: borrowing RequestBatch, _ input: RawSpan, _ worker: inout Worker
    ) -> Int {
        let request = batch[indices.lowerBound]
        guard request.tag >= 0, request.count == 2, worker.commands.commands[request.tag].id == .exists,
            mayRead(worker)
        else { return 0 }
        return performRun(request, indices, of: batch, input, &worker)
    }

    @inline(never)
    private mutating func performRun(
        _ first: Request, _ indices: Range<Int>, of batch: borrowing RequestBatch, _ input: RawSpan,
        _ worker: inout Worker
    ) -> Int {
        var end = indices.lowerBound + 1
        while end < indices.upperBound, batch[end].tag == first.tag, batch[end].count == first.count { end += 1 }
        let count = end - indices.lowerBound
        client.lastCommand.store(first.tag, ordering: .relaxed)
        // Each has one key: their hashes stand side by side.
        let note = batch.argument(first.first + 1).note
        let presence = worker.presence(note..<(note + count))
        var there = presence.there
        if presence.open != 0 {
            for index in 0..<count where presence.open >> UInt64(index) & 1 != 0 {
                let arguments = Arguments(of: batch[indices.lowerBound + index], in: batch, input: input)
                if worker.contains(1, of: arguments) { there |= 1 << UInt64(index) }
            }
        }
        worker.count(note..<(note + count), there)
        worker.reply.integers(there, count: count)
        worker.counters.add(count, to: .calls(first.tag))
        return count
    }
}
