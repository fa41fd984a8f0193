namespace Flyscan.Persistence.Documents;

/// <summary>Documents cannot be made or continued: the journal breaks a rule of the scan model, or the file is another run's.</summary>
public sealed class DocumentException(string message) : Exception(message);
