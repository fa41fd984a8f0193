using System.Globalization;
using Akka.Actor;

namespace Flyscan.Engine.Simulation;

/// <summary>What happened in a run, in order: a hash of all of it, and the text where it is recorded.</summary>
public sealed class SimulationTrace
{
    private readonly SimulationRun _run;
    private readonly int _most;
    private readonly Queue<string>? _lines;
    private readonly Dictionary<Type, ulong> _types = [];

    internal SimulationTrace(SimulationRun run, bool records, int most)
    {
        _run = run;
        _most = most;
        _lines = records ? new Queue<string>() : null;
    }

    /// <summary>Stands for everything that happened so far; the same in every process.</summary>
    public ulong Hash { get; private set; } = 0x6A09E667F3BCC908;

    /// <summary>Messages that actors have processed.</summary>
    public long Deliveries { get; private set; }

    /// <summary>Things that were run: mailboxes, continuations, timers.</summary>
    public long Steps { get; private set; }

    /// <summary>The recorded lines, oldest first; empty where nothing is recorded.</summary>
    public IReadOnlyList<string> Lines => _lines is null ? [] : [.. _lines];

    /// <summary>Whether text is kept.</summary>
    public bool Records => _lines is not null;

    /// <summary>Adds an entry of the scenario's own.</summary>
    public void Note(string text) => Add("note", "", text);

    public override string ToString() => string.Join('\n', Lines);

    internal void Picked(int count, int index)
    {
        Steps++;
        Hash = StableHash.Join(Hash, ((ulong)count << 32) | (uint)index);
    }

    internal void Delivered(ActorNote to, ulong sender, object message)
    {
        Deliveries++;
        var what = StableHash.Join(StableHash.Join(to.Hash, sender), OfType(message.GetType()));
        Hash = StableHash.Join(StableHash.Join(Hash, (ulong)_run.NowNs), what);
    }

    /// <summary>An entry that is part of the hash with all its text.</summary>
    internal void Add(string kind, string where, string text)
    {
        var what = StableHash.Join(StableHash.Join(StableHash.Of(kind), StableHash.Of(where)), StableHash.Of(text));
        Hash = StableHash.Join(StableHash.Join(Hash, (ulong)_run.NowNs), what);
        if (_lines is not null)
            Line(kind, where, text);
    }

    /// <summary>An entry of which only a part is in the hash: its text may hold what differs between processes.</summary>
    internal void Add(string kind, string where, ulong hash, Func<string> text)
    {
        Hash = StableHash.Join(StableHash.Join(Hash, (ulong)_run.NowNs), StableHash.Join(StableHash.Of(where), hash));
        if (_lines is not null)
            Line(kind, where, text());
    }

    internal void Line(string kind, string where, string text)
    {
        if (_lines!.Count == _most)
            _lines.Dequeue();
        var seconds = (_run.NowNs / 1e9).ToString("F9", CultureInfo.InvariantCulture);
        _lines.Enqueue($"{seconds,18}  {kind,-10} {where,-24} {text}".TrimEnd());
    }

    /// <summary>A message in one line of bounded length.</summary>
    internal static string Show(object message)
    {
        var text = message switch
        {
            string s => $"\"{s}\"",
            TimerMessage timer => $"timer {timer.Key}: {timer.Payload}",
            _ => message.ToString() ?? message.GetType().Name,
        };
        text = text.ReplaceLineEndings(" ");
        return text.Length <= 160 ? text : text[..157] + "...";
    }

    private ulong OfType(Type type)
    {
        if (!_types.TryGetValue(type, out var hash))
            _types.Add(type, hash = StableHash.Of(type.FullName ?? type.Name));
        return hash;
    }
}
