using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <content>Arming, and what is captured: the IOC's arrays, read again and again while they grow.</content>
/// <remarks>
/// Arrays of the arming before stay until the IOC has heard of the next, and each array is a record of its own. The divider numbers pulses
/// across armings, so that its first count tells whose arrays they are; it is processed behind the others, so that it is read first.
/// </remarks>
internal sealed partial class ZebraIocLink
{
    /// <summary>Makes the IOC publish what it has; a record that is scanned is processed at once only so.</summary>
    private const string Update = "ARRAY_UPDATE.PROC";

    private const int Encoders = 4;
    private const long ProofPeriodNs = 2_000_000;
    private const long FirstPeriodNs = 20_000_000;
    private const long LongestPeriodNs = 1_000_000_000;

    /// <summary>Arrays come whole each time: the longer they are, the more seldom.</summary>
    private const long PeriodNsPerSample = 10_000;

    private Task _turning = Task.CompletedTask;
    private long _nextTurnNs;
    private bool _following;

    /// <summary>What has been captured since it was last asked for, no more often than the arrays' length allows.</summary>
    public async Task PullAsync(CancellationToken cancel)
    {
        if (_capture.IsUnderWay && _clock.NowNs >= _nextTurnNs)
            await TurnAsync(cancel);
    }

    private async Task CommandAsync(ZebraWord word, ZebraRecord record, CancellationToken cancel)
    {
        if (word.Address == ZebraRegister.PcArm)
            await BeginAsync(cancel);
        if (word.Address is ZebraRegister.PcArm or ZebraRegister.PcDisarm)
            _capture.SwitchedNs = _clock.NowNs;
        await PutAsync(record.Demand, new PvValue.Number(word.Value), cancel);
        if (word.Address == ZebraRegister.PcDisarm)
            _capture.DisarmedNs ??= _clock.NowNs;
        if (word.Address == ZebraRegister.PcArm)
            _ = FollowAsync();
    }

    /// <summary>Remembers whose arrays are there, and how encoders are scaled, before the box is armed.</summary>
    private async Task BeginAsync(CancellationToken cancel)
    {
        if (await ReadNumberAsync("ARRAY_ACQ", cancel) != 0)
            throw new IOException($"{Name("ARRAY_ACQ")}: the IOC is still taking samples of an arming before");
        var first = (await ReadAsync(Divider, cancel)).AsNumbers();
        var (scales, offsets) = await ScalesAsync(cancel);
        _capture.Begin(first.Length > 0 ? first[0] : null, scales, offsets);
        _nextTurnNs = 0;
    }

    private async Task<(double[] Scales, double[] Offsets)> ScalesAsync(CancellationToken cancel)
    {
        double[] scales = [1, 1, 1, 1], offsets = [0, 0, 0, 0];
        int[] used = [.. Enumerable.Range(0, Encoders).Where(n => (_capture.BitCap >> n & 1) != 0)];
        var values = await ReadAsync([.. used.SelectMany(n => new[] { $"M{n + 1}:ERES", $"M{n + 1}:OFF" })], cancel);
        for (var i = 0; i < used.Length; i++)
        {
            var (n, scale, offset) = (used[i], values[2 * i].AsNumber(), values[2 * i + 1].AsNumber());
            if (scale == 0 || !double.IsFinite(scale) || !double.IsFinite(offset))
                throw new IOException($"{Name($"M{n + 1}:ERES")} is {scale}: samples of ENC{n + 1} cannot be turned back into counts");
            (scales[n], offsets[n]) = (scale, offset);
        }
        return (scales, offsets);
    }

    /// <summary>Looks again and again until the capture is over.</summary>
    private async Task FollowAsync()
    {
        lock (_gate)
        {
            if (_following)
                return;
            _following = true;
        }
        try
        {
            while (_capture.IsUnderWay && !_isOver)
            {
                await TurnAsync(CancellationToken.None);
                if (_capture.IsUnderWay && _nextTurnNs - _clock.NowNs is > 0 and var wait)
                    await _clock.SleepAsync(wait, CancellationToken.None);
            }
        }
        catch (Exception silent) when (silent is IOException or TimeoutException)
        {
            Lose(silent.Message);
        }
        finally
        {
            lock (_gate)
                _following = false;
        }
    }

    /// <summary>One at a time: what is handed over must be in order.</summary>
    private async Task TurnAsync(CancellationToken cancel)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task before;
        lock (_gate)
            (before, _turning) = (_turning, mine.Task);
        await before;
        try
        {
            if (_capture.IsUnderWay && !_isOver)
                await LookAsync(cancel);
        }
        finally
        {
            mine.SetResult();
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        // Of an arming and of its end the IOC tells by itself.
        if (_capture.IsProved)
            await PutAsync(Update, new PvValue.Integer(1), cancel);
        var isNew = await TakeAsync(cancel);
        var acquires = await ReadNumberAsync("ARRAY_ACQ", cancel) != 0
            || _capture.IsOrphaned && await IsHighAsync(ZebraRegister.BusArm, long.MinValue, cancel);
        if ((acquires || isNew) && !_capture.IsProved)
        {
            _capture.IsProved = true;
            _listener.Armed();
        }
        // Once it acquires no more, one look tells the rest: the arrays are final.
        if (_capture.IsProved && !acquires)
        {
            await TakeAsync(cancel);
            if (_capture.Taken >= await ReadNumberAsync("PC_NUM_DOWN", cancel))
            {
                _capture.End(_clock.NowNs);
                _listener.Disarmed();
            }
        }
        else if (!_capture.IsProved && _clock.NowNs > _capture.DisarmedNs + 2 * StatusLagNs)
        {
            // Disarmed before the IOC looked, and without a sample: nothing of it will ever show.
            _capture.End(_clock.NowNs);
            _listener.Disarmed();
        }
        _nextTurnNs = _clock.NowNs + (_capture.IsProved
            ? Math.Clamp(_capture.Taken * PeriodNsPerSample, FirstPeriodNs, LongestPeriodNs)
            : ProofPeriodNs);
    }

    /// <summary>Hands over the samples that have come; false where the arrays are still those of the arming before.</summary>
    private async Task<bool> TakeAsync(CancellationToken cancel)
    {
        var counts = (await ReadAsync(Divider, cancel)).AsNumbers();
        if (counts.Length == 0 || counts[0] == _capture.FormerFirst)
            return false;
        // An IOC that was restarted begins its arrays anew; the divider still numbers the samples.
        if (counts.Length < _capture.Taken)
            _capture.Taken = 0;
        if (counts.Length == _capture.Taken)
            return true;
        var (scales, offsets) = await ScalesAsync(cancel);
        if (!scales.SequenceEqual(_capture.Scales) || !offsets.SequenceEqual(_capture.Offsets))
            throw new IOException($"the scale or offset of an encoder's motor changed at {_settings.Prefix} during a take");
        var bits = Enumerable.Range(0, ZebraRecords.Arrays.Count).Where(bit => (_capture.BitCap >> bit & 1) != 0).ToArray();
        var values = await ReadAsync([ZebraRecords.Times, .. bits.Select(bit => ZebraRecords.Arrays[bit])], cancel);
        var arrays = Array.ConvertAll(values, v => v.AsNumbers());
        var end = Math.Min(counts.Length, arrays.Min(a => a.Length));
        for (; _capture.Taken < end; _capture.Taken++)
            if (!_isOver)
                _listener.Sample(Words(arrays, bits, _capture.Taken));
        return true;
    }

    /// <summary>A sample as the box sent it: counts of its clock, of encoders, of the bus and of dividers.</summary>
    private uint[] Words(double[][] arrays, int[] bits, int at)
    {
        var words = new uint[1 + bits.Length];
        words[0] = Whole(arrays[0][at] / ZebraRecords.TimeCount);
        for (var i = 0; i < bits.Length; i++)
        {
            var value = arrays[1 + i][at];
            words[1 + i] = Whole(bits[i] < Encoders ? (value - _capture.Offsets[bits[i]]) / _capture.Scales[bits[i]] : value);
        }
        return words;
    }

    private static uint Whole(double value) => unchecked((uint)(long)Math.Round(value));
}
