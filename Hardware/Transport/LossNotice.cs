namespace Flyscan.Hardware.Transport;

/// <summary>Tells of a device's loss, once until it is reached again, and at once to who subscribes after it. From any thread.</summary>
internal sealed class LossNotice(string device)
{
    private readonly Lock _gate = new();
    private Action<string>? _told;
    private string? _lost;

    /// <summary>Raised with what was lost and why.</summary>
    public event Action<string>? Told
    {
        add
        {
            string? reason;
            lock (_gate)
                (_told, reason) = (_told + value, _lost);
            if (reason is not null)
                value?.Invoke(reason);
        }

        remove
        {
            lock (_gate)
                _told -= value;
        }
    }

    /// <summary>It was lost, and has not been reached since.</summary>
    public bool IsLost
    {
        get
        {
            lock (_gate)
                return _lost is not null;
        }
    }

    /// <summary>The device was reached: another loss is told again.</summary>
    public void Clear()
    {
        lock (_gate)
            _lost = null;
    }

    /// <summary>The device was lost.</summary>
    /// <param name="first">What is done before anybody is told; not at all where the loss is known.</param>
    public void Tell(string reason, Action first)
    {
        Action<string>? told;
        lock (_gate)
        {
            if (_lost is not null)
                return;
            _lost = $"{device}: {reason}";
            told = _told;
        }
        first();
        told?.Invoke($"{device}: {reason}");
    }
}
