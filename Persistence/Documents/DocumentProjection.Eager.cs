using System.Collections.Immutable;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Documents;

/// <content>Mode <c>eager</c>: frames are told as soon as they are recorded, before they are committed.</content>
/// <remarks>Indices are rows in the order of telling; a frame's seq_num is its number in the scan, from 1. After a rewind, seq_nums come
/// again with new rows, and the later ones count. Stream <c>outer</c> has one event per outer point, at its first recorded
/// frame.</remarks>
public sealed partial class DocumentProjection
{
    private bool IsEager => _run.Mode == DocumentMode.Eager;

    private DocumentState Tell(DocumentState state, FrameRange frames, ImmutableArray<Document>.Builder documents)
    {
        if (frames.First < 0 || frames.End > _run.Frames)
            throw new DocumentException($"Run {_run.Uid}: event {state.Sequence} records frames {frames} of a scan of {_run.Frames}.");
        state = TellOuter(state, frames, documents);
        if (state.Reported == 0)
            documents.AddRange(state.Keys.Select(_texts.StreamResource));
        var rows = new FrameRange(state.Reported, state.Reported + frames.Count);
        documents.AddRange(state.Keys.Select(key => _texts.StreamDatum(
            key, state.Ranges, new FrameRange(key.EventsIn(rows.First), key.EventsIn(rows.End)), key.EventsIn(frames.First))));
        return state with { Reported = rows.End, Ranges = state.Ranges + 1, Told = state.Told.Add(frames) };
    }

    private DocumentState TellOuter(DocumentState state, FrameRange frames, ImmutableArray<Document>.Builder documents)
    {
        if (!state.OuterDescribed)
            return state;
        var perPoint = _run.FramesPerOuterPoint;
        for (var outer = frames.First / perPoint; outer * perPoint < frames.End; outer++)
        {
            if (state.OutersTold.Contains(outer))
                continue;
            if (!state.Arrivals.TryGetValue(outer, out var arrival))
                throw new DocumentException($"Run {_run.Uid}: frames of outer point {outer} are recorded, but no axis arrived there.");
            documents.Add(_texts.OuterEvent(arrival, state.OuterEvents + 1, Math.Max(frames.First, outer * perPoint) + 1));
            state = state with { OuterEvents = state.OuterEvents + 1, OutersTold = state.OutersTold.Add(outer) };
        }
        return state;
    }

    private DocumentState Told(DocumentState state, FrameRange frames) => state.Told.Covers(frames)
        ? state
        : throw new DocumentException(
            $"Run {_run.Uid}: event {state.Sequence} commits frames {frames}, and not all of them were told as recorded before.");
}
